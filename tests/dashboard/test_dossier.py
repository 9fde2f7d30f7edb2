"""The page for a data-protection officer says what the configuration and the store say, and names nobody unasked."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.dossier import decision_rows, write_dossier
from detect.desk import Alert, AlertState
from detect.store import Store
from scenarios.errors import ParvisError
from scenarios.event import Event, EventKind

CONFIG = """
store = "live.sqlite"
detector = "background"
purposes = ["abandoned_object", "fire"]
cameras = [
    { id = "gate", source = "rtsp://me:canary-5519@cam/x" },
    { id = "hall", source = "film.mp4", purposes = ["fire"] },
]
"""
HOOK = """
[[webhooks]]
id = "centre"
url = "https://ops.example/hook?key=canary-5519"
secret = "canary-5519-canary-5519"
"""
ORDER = '[authorisation]\norder = "order 117"\nfirst = 2026-06-01\nlast = 2026-06-10\nhours = ["18:00-02:00"]\n'


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "live.toml"
    path.write_text(CONFIG + ORDER + HOOK)
    with Store.create_or_open(tmp_path / "live.sqlite") as store:
        for n, kind in enumerate([EventKind.ABANDONED_OBJECT, EventKind.ABANDONED_OBJECT, EventKind.FIRE]):
            event = Event(f"e{n}", kind, "gate", 3.0, 9.0, None, None, None, (), 0.8, kind.value)
            at = datetime.now(UTC) - timedelta(seconds=60)
            store.raise_alert(Alert(f"gate-{n}", event, AlertState.NEW, at, (f"e{n}",)))
        store.decide("gate-0", "dismissed", by="Ada Lovelace", reason="a statue")
        store.decide("gate-1", "confirmed", by="Ada Lovelace")
        store.switch("camera:hall", on=False, by="bob", reason="a march")
    return path


def test_what_became_of_the_alerts_is_counted(config):
    with Store.open_existing(config.with_name("live.sqlite")) as store:
        bag, fire = decision_rows(store)
    assert (bag["kind"], bag["raised"], bag["confirmed"], bag["dismissed"], bag["waiting"]) == (
        "abandoned object",
        2,
        1,
        1,
        0,
    )
    assert bag["median_s"] == pytest.approx(60, abs=5)
    assert (fire["raised"], fire["waiting"], fire["median_s"]) == (1, 1, None)


def test_the_page_says_it_and_keeps_passwords_and_names_to_itself(config, tmp_path):
    write_dossier(config, tmp_path / "dossier.html")
    page = (tmp_path / "dossier.html").read_text()
    assert "canary" not in page
    assert "Ada" not in page
    assert "person 1 (2)" in page
    assert "order 117: 2026-06-01 to 2026-06-10, 18:00-02:00 (Europe/Paris)" in page
    assert "camera hall, a march." in page
    assert "bob" not in page
    assert "looks for: abandoned object, fire." in page
    assert "<tr><th>weapon</th><td>no rule: never looked for</td></tr>" in page
    assert "<tr><th>wrong way</th><td>no</td></tr>" in page
    assert "intact." in page
    assert "without pictures: centre (ops.example)." in page
    assert "deleted after 30 days; alerts after 366 days" in page
    assert "a film from 5 s before it to 5 s after" in page
    assert "http" not in page.replace("rtsp://", "")
    write_dossier(config, tmp_path / "dossier.html", names=True)
    named = (tmp_path / "dossier.html").read_text()
    assert "Ada Lovelace (2)" in named
    assert "a march (bob)" in named


def test_without_an_order_or_a_store_it_says_so(tmp_path):
    (tmp_path / "live.toml").write_text(CONFIG)
    write_dossier(tmp_path / "live.toml", tmp_path / "dossier.html")
    page = (tmp_path / "dossier.html").read_text()
    assert "names no order" in page
    assert "There is no store yet" in page
    assert "No other system is told of anything." in page
    with pytest.raises(ParvisError, match=r"should end in \.html"):
        write_dossier(tmp_path / "live.toml", tmp_path / "dossier.pdf")
