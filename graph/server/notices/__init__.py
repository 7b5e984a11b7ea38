"""Tells people elsewhere what waits for them: signed webhooks and e-mail, from the audit."""
