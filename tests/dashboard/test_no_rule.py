from dashboard.ledger import LedgerStatus
from dashboard.verdict import key_scores, sentences, tables

CARD = {
    "events": {
        "abandoned_object": {"true": 2, "found": 1, "false": 0, "recall": 0.5},
        "fire": {"true": 3, "rule": False},
    }
}


def test_a_kind_without_a_rule_is_named_as_such_and_counts_for_nothing():
    said = next(s for s in sentences(CARD) if s.lower().startswith("fire"))
    assert "no rule yet" in said
    assert "3 true events" in said
    assert "found" not in said
    row = next(r for r in tables(CARD)[0].rows if r[0].lower().startswith("fire"))
    assert "no rule yet" in row[0]
    assert row[1] == "3"
    assert "0" not in row[2:]
    assert key_scores(CARD)["recall"] == 0.5  # of what somebody looked for


def test_its_due_events_have_a_status_of_their_own():
    assert LedgerStatus("no_rule").words == "no rule yet"
