"""Only what a human confirmed leaves the house, as the standard writes it."""

import re
import threading
from datetime import UTC, datetime

import pytest
from defusedxml import ElementTree
from starlette.testclient import TestClient

from detect.desk import Alert, AlertState
from detect.live.api import build_api
from detect.live.cap import CapConfig, CapTeller, cap_message
from detect.live.config import load_config
from detect.live.teller import keep_telling
from detect.outbox import place_of
from detect.store import Store
from scenarios.errors import ParvisError
from scenarios.event import Event, EventKind

NAMESPACE = "{urn:oasis:names:tc:emergency:cap:1.2}"
ORDER = {  # OASIS CAP 1.2, section 3.4: elements of each, in the order of the schema, with what each may say
    "alert": {
        "identifier": r"[^\s,<&]+", "sender": r"[^\s,<&]+",
        "sent": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d", "status": "Actual|Exercise|System|Test|Draft",
        "msgType": "Alert|Update|Cancel|Ack|Error", "source": ".*", "scope": "Public|Restricted|Private",
        "restriction": ".+", "addresses": ".+", "code": ".+", "note": ".+", "references": ".+", "incidents": ".+",
        "info": None,
    },
    "info": {
        "language": r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*",
        "category": "Geo|Met|Safety|Security|Rescue|Fire|Health|Env|Transport|Infra|CBRNE|Other", "event": ".+",
        "responseType": "Shelter|Evacuate|Prepare|Execute|Avoid|Monitor|Assess|AllClear|None",
        "urgency": "Immediate|Expected|Future|Past|Unknown", "severity": "Extreme|Severe|Moderate|Minor|Unknown",
        "certainty": "Observed|Likely|Possible|Unlikely|Unknown", "audience": ".+", "eventCode": None,
        "effective": ".+", "onset": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d", "expires": ".+",
        "senderName": ".+", "headline": ".+", "description": ".+", "instruction": ".+", "web": ".+", "contact": ".+",
        "parameter": None, "resource": None, "area": None,
    },
    "parameter": {"valueName": ".+", "value": ".+"},
    "area": {
        "areaDesc": ".+", "polygon": r"-?[\d.]+,-?[\d.]+( -?[\d.]+,-?[\d.]+){3,}", "circle": ".+", "geocode": None,
    },
}  # fmt: skip
NEEDED = {
    "alert": {"identifier", "sender", "sent", "status", "msgType", "scope"},
    "info": {"category", "event", "urgency", "severity", "certainty"},
    "parameter": {"valueName", "value"},
    "area": {"areaDesc"},
}


def check(element):
    """Hold an element against the standard."""
    name = element.tag.removeprefix(NAMESPACE)
    order = list(ORDER[name])
    tags = [child.tag.removeprefix(NAMESPACE) for child in element]
    assert set(tags) <= set(order), name
    assert tags == sorted(tags, key=order.index), name
    assert set(tags) >= NEEDED[name], name
    for child, tag in zip(element, tags, strict=True):
        if ORDER[name][tag] is None:
            check(child)
        else:
            assert re.fullmatch(ORDER[name][tag], child.text), (tag, child.text)


def read(message):
    root = ElementTree.fromstring(message)
    assert root.tag == f"{NAMESPACE}alert"
    check(root)
    return {e.tag.removeprefix(NAMESPACE): e.text for e in root.iter()}


@pytest.fixture
def store(tmp_path):
    with Store.create_or_open(tmp_path / "live.sqlite") as store:
        yield store


def raised(store, kind=EventKind.ABANDONED_OBJECT, *, number=1, drill=None, end_s=None):
    event = Event(f"e{number}", kind, "gate", 3.0, end_s, (1.0, 2.0), None, "<north & co>", (4,), 0.8, "r", drill=drill)
    store.raise_alert(Alert(f"gate-{number}", event, AlertState.NEW, datetime.now(UTC), (f"e{number}",)))


def message(store, config=None):
    return cap_message(store.decision("gate-1"), config or CapConfig(), "s1")


@pytest.mark.parametrize("kind", list(EventKind))
def test_every_kind_is_a_message_of_the_standard(store, kind):
    raised(store, kind)
    store.decide("gate-1", "confirmed", by="ada", reason="seen")
    said = read(message(store))
    assert (said["status"], said["msgType"], said["urgency"]) == ("Actual", "Alert", "Immediate")
    assert "<north & co>" in said["headline"]
    assert "ada" not in message(store).decode()


def test_a_drill_is_an_exercise_and_says_so_everywhere(store):
    raised(store, drill="drill-7")
    store.decide("gate-1", "confirmed", by="ada", reason="")
    said = read(message(store))
    assert said["status"] == "Exercise"
    assert all(said[tag].startswith("DRILL") for tag in ("note", "headline", "description"))


def test_what_is_over_is_past_and_an_area_is_closed(store):
    raised(store, end_s=9.0)
    store.decide("gate-1", "confirmed", by="ada", reason="")
    area = {"text": "North gate", "polygon": [(48.1, 2.1), (48.2, 2.1), (48.2, 2.2)]}
    said = read(message(store, CapConfig.model_validate({"areas": {"gate": area}})))
    assert said["urgency"] == "Past"
    corners = said["polygon"].split()
    assert (len(corners), corners[0]) == (4, corners[-1])


def test_what_was_dismissed_is_never_a_message(store):
    raised(store)
    store.decide("gate-1", "dismissed", by="ada", reason="steam")
    with pytest.raises(ParvisError, match="is dismissed; only what a human has confirmed"):
        message(store)


def test_files_are_put_for_what_is_confirmed_and_for_nothing_else(store, tmp_path):
    teller = CapTeller(CapConfig(), tmp_path / "out")
    place_of(store.database, teller.name)
    for number, verdict in ((1, "confirmed"), (2, "dismissed"), (3, None)):
        raised(store, number=number)
        if verdict:
            store.decide(f"gate-{number}", verdict, by="ada", reason="looked")
    thread = threading.Thread(target=keep_telling, args=(teller, store.database.path))
    thread.start()
    while store.database.row("SELECT 1 FROM meta WHERE key = 'told:cap' AND value >= '5'") is None:
        threading.Event().wait(0.02)
    teller.over.set()
    thread.join()
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["gate-1.cap.xml"]
    assert read((tmp_path / "out" / "gate-1.cap.xml").read_bytes())["sender"] == "parvis"


def test_a_folder_that_cannot_be_written_loses_nothing(store, tmp_path, capsys):
    (tmp_path / "out").write_text("a file stands here")
    teller = CapTeller(CapConfig(), tmp_path / "out")
    place_of(store.database, teller.name)
    raised(store)
    store.decide("gate-1", "confirmed", by="ada", reason="")
    teller.tell(store)
    assert "cannot be written" in capsys.readouterr().err
    (tmp_path / "out").unlink()
    teller.tell(store)
    assert (tmp_path / "out" / "gate-1.cap.xml").is_file()


def test_the_interface_gives_it_only_after_confirmation(store):
    raised(store)
    token = "canary-token-ada-7731"
    app = build_api(store.database.path, {"ada": token})
    with TestClient(app, headers={"Authorization": f"Bearer {token}"}) as client:
        early = client.get("/api/alerts/gate-1/cap.xml")
        assert (early.status_code, "only what a human confirmed" in early.json()["error"]) == (409, True)
        assert client.get("/api/alerts/none/cap.xml").status_code == 404
        client.post("/api/alerts/gate-1/decision", json={"verdict": "confirmed"})
        given = client.get("/api/alerts/gate-1/cap.xml")
        assert given.headers["content-type"] == "application/cap+xml"
        assert read(given.content)["status"] == "Actual"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('sender = "a b"', "holds a space"),
        ('areas = { hall = { text = "x" } }', "unknown camera 'hall'"),
        ('areas = { gate = { text = "x", polygon = [[1, 2], [1, 2], [3, 4]] } }', "three different corners"),
        ('areas = { gate = { text = "x", polygon = [[91, 2], [1, 2], [3, 4]] } }', "polygon"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(tmp_path, lines, words):
    path = tmp_path / "live.toml"
    path.write_text(f'cameras = [{{ id = "gate", source = "a.mp4" }}]\n[cap]\n{lines}\n')
    with pytest.raises(ParvisError, match=words):
        load_config(path)
