"""Which pairs of sentences contradict each other, and which only look as if they did."""

import pytest

from graph.citations.conflicts import Said, difference

CONTRADICT = [
    ("number", "Signing keys are rotated every 90 days.", "Signing keys are rotated every 30 days."),
    ("number", "Backups are kept for thirty days in two places.", "Backups are kept for 90 days."),
    ("number", "Refunds are paid within 14 days of the request.", "Refunds are paid within 30 days."),
    ("number", "Passwords have at least 12 characters.", "Passwords must have at least 16 characters."),
    ("number", "The daily allowance is 40 EUR.", "The daily allowance is 52 EUR."),
    ("number", "The upload limit is 5 GB.", "The upload limit is 500 MB."),
    ("number", "Invoices are paid within 30 days.", "Invoices are paid within 14 days."),
    ("number", "The cache expires after 10 minutes.", "The cache expires after one hour."),
    ("number", "Logs are archived weekly.", "Logs are archived daily."),
    ("number", "The service listens on port 8080.", "The service listens on port 9090."),
    ("number", "The discount is 10 %.", "The discount is 15 percent."),
    ("number", "Each team has five members.", "Each team has 7 members."),
    ("number", "New staff get 25 days of leave a year.", "New staff get 30 days of leave a year."),
    ("number", "The battery lasts at least 10 hours.", "The battery lasts 8 hours."),
    ("number", "Logs are retained for 90 days.", "We retain logs for one year."),
    ("number", "Backups run every night.", "Backups run every hour."),
    ("number", "The on-call engineer must acknowledge alerts within 5 minutes.",
     "Alerts must be acknowledged by the on-call engineer within 15 minutes."),
    ("number", "Remote work is allowed up to 3 days a week.", "Remote work is allowed up to two days a week."),
    ("version", "The database runs PostgreSQL 14.2.", "The database runs PostgreSQL 16.1."),
    ("denial", "Personal devices may be connected to the network.",
     "Personal devices must not be connected to the network."),
    ("date", "The policy takes effect on 2026-01-01.", "The policy takes effect on 1 March 2026."),
    ("date", "The contract ends on 31 December 2026.", "The contract ends on 30 June 2026."),
    ("version", "The client requires Python 3.10.", "The client requires Python 3.12."),
    ("version", "Streaming is supported since version 2.1.", "Streaming is supported since version 2.3."),
    ("denial", "Contractors may use the VPN.", "Contractors may not use the VPN."),
    ("denial", "Approval is needed for every refund.", "No approval is needed for every refund."),
    ("denial", "Keys must never be shared by mail.", "Keys may be shared by mail."),
    ("denial", "Visitors can enter the lab alone.", "Visitors can't enter the lab alone."),
    ("opposite", "Two-factor login is required.", "Two-factor login is optional."),
    ("opposite", "Telemetry is enabled by default.", "Telemetry is disabled by default."),
    ("opposite", "Returns are accepted without a receipt.", "Returns are refused without a receipt."),
]  # fmt: skip

AGREE = [
    ("Signing keys are rotated every 90 days.", "Signing keys are rotated every 90 days by the lead."),
    ("The token lives for 24 hours.", "The token lives for one day."),
    ("The limit is 1,000 rows.", "The limit is 1000 rows."),
    ("The upload limit is 5 GB.", "The upload limit is 5000 MB."),
    ("Root keys are rotated every year.", "Session keys are rotated every 30 days."),
    ("Production keys are rotated every 90 days.", "Test keys are rotated every 30 days."),
    ("Keys are rotated every 90 days.", "Root keys are rotated every 365 days."),
    ("Passwords expire after 90 days for employees.", "Passwords expire after 30 days for contractors."),
    ("Passwords expire after 90 days.", "Passwords expire after 30 days for contractors."),
    ("Passwords have at least 12 characters.", "Passwords have at most 64 characters."),
    ("Tier 1 incidents are answered within 15 minutes.", "Tier 2 incidents are answered within 60 minutes."),
    ("Critical incidents are answered within 15 minutes.", "Low incidents are answered within 2 days."),
    ("In 2024 the limit was 10 GB.", "In 2025 the limit was 20 GB."),
    ("In 2024 the limit was 10 GB.", "The limit is 20 GB."),
    ("In version 2.0 the timeout is 30 seconds.", "In version 3.0 the timeout is 60 seconds."),
    ("Backups are kept for 30 days.", "Backups take 2 hours."),
    ("Backups are kept for 30 days.", "Logs are kept for 90 days."),
    ("The trip costs 100 USD.", "The trip costs 90 EUR."),
    ("Invoices are paid within 30 days.", "Invoices are sent within 5 days."),
    ("Step 1 takes 5 minutes.", "Step 2 takes 10 minutes."),
    ("The meeting takes 10 to 20 minutes.", "The meeting takes 15 minutes."),
    ("Visitors wear a badge.", "Visitors are never alone."),
    ("Do not share keys with anyone.", "Keep keys in the vault."),
    ("Do not share keys with anyone.", "Share keys with the vault only."),
    ("Contractors may not use the VPN unless the lead approves.", "Contractors may use the VPN."),
    ("Approval is needed for refunds over 100 EUR.", "No approval is needed for small refunds."),
    ("The app is available on Windows.", "The app is not available on Linux."),
    ("Feature A is enabled by default.", "Feature B is disabled by default."),
    ("Backups are encrypted.", "Backups are kept in two places."),
    ("The free plan stores 5 GB.", "The pro plan stores 100 GB."),
    ("Annual leave is 25 days.", "Parental leave is 60 days."),
    ("The office opens at 8.", "The office closes at 18."),
    ("Patch 28852325 mends the time zone.", "Patch 28125601 mends the time zone."),
    ("Page 4 shows the plan.", "Page 9 shows the plan."),
    ("The office has 40 desks.", "The office has 3 printers."),
    ("Restart the server when it fails.", "Do not restart the server when it fails to boot twice."),
    ("Deliveries arrive within 2 days in Germany.", "Deliveries arrive within 5 days in Spain."),
    ("Read requests time out after 5 seconds.", "Write requests time out after 30 seconds."),
    ("The trial lasts 14 days.", "The notice period lasts 30 days."),
    ("The first reminder is sent after 7 days.", "The second reminder is sent after 14 days."),
    ("Orders over 50 EUR ship free.", "Orders over 100 EUR get a gift."),
    ("The train leaves at 8:15.", "The train arrives at 10:40."),
    ("Revenue grew 5 % in 2023.", "Revenue grew 8 % in 2024."),
    ("Room A seats 10 people.", "Room B seats 20 people."),
    ("Rotation is done every 90 days.", "Rotation is done every three months."),
    ("Use no more than 3 retries.", "Use 3 retries."),
    ("The minimum order is 10 pieces.", "The maximum order is 500 pieces."),
    ("Full backups run weekly.", "Incremental backups run daily."),
    ("Not only keys but also tokens are rotated.", "Keys and tokens are rotated."),
    ("Employees get a laptop on day 1.", "Employees get a badge on day 2."),
    ("The query returns 50 results by default.", "The query returns at most 1000 results."),
    ("Support answers by phone within 1 hour.", "Support answers by email within 24 hours."),
    ("The old limit was 5 requests.", "The limit is 10 requests."),
    ("Release 1.2 ships on 2026-03-01.", "Release 1.3 ships on 2026-06-01."),
    ("About 30 people work here.", "Exactly 32 people work here."),
]  # fmt: skip


def said(text: str, path: str, place: str = "Rules") -> Said:
    title, *headings = place.split(" > ")
    return Said(text, ("agent", path), title, tuple(headings))


@pytest.mark.parametrize(("kind", "one", "other"), CONTRADICT)
def test_sources_that_contradict_are_seen(kind: str, one: str, other: str) -> None:
    for first, second in ((one, other), (other, one)):
        found = difference(said(first, "a.md"), said(second, "b.md"))
        assert found is not None
        assert found.kind == kind


@pytest.mark.parametrize(("one", "other"), AGREE)
def test_no_false_alarm(one: str, other: str) -> None:
    for first, second in ((one, other), (other, one)):
        assert difference(said(first, "a.md"), said(second, "b.md")) is None


def test_a_document_does_not_contradict_itself() -> None:
    assert difference(said("The fee is 5 EUR.", "a.md"), said("The fee is 7 EUR.", "a.md")) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [("Engine > Version 11.2.0.4", "Engine > Version 12.2.0.1"),
     ("Passwords > Employees", "Passwords > Contractors"), ("Model X200", "Model X300"),
     ("Plans > Free", "Plans > Enterprise"), ("SOP-02 Rollback", "SOP-03 Deletion")],
)  # fmt: skip
def test_headings_say_that_it_is_about_another_thing(first: str, second: str) -> None:
    one, other = "Passwords expire after 90 days.", "Passwords expire after 60 days."
    assert difference(said(one, "a.md", first), said(other, "b.md", second)) is None
    assert difference(said(one, "a.md", "Handbook"), said(other, "b.md", "Key policy")) is not None


def test_pages_of_one_pattern_are_about_two_things() -> None:
    one, other = "The battery lasts 10 hours.", "The battery lasts 12 hours."
    nimbus, stratus = (said(each, f"{name}.md", f"{name} > Power")
                       for each, name in ((one, "Nimbus"), (other, "Stratus")))  # fmt: skip
    assert difference(nimbus, stratus) is None
    assert (
        difference(said("It is 20 m high.", "oak.md"), said("It is 30 m high.", "pine.md")) is None
    )
