"""What a person is asked before a step works, and how every form of answer is read."""
