import hashlib
import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from dashboard.cli import app
from dashboard.recipes import _HELD_OUT_SEED
from dashboard.training import RECIPES, make_stills, recipe_named, train_network
from scenarios.errors import DetectorError, MissingExtraError
from sim.stills import StillsPlan

TINY = replace(RECIPES["taste"], stills=StillsPlan(scenarios=1, cameras=1, moments=1, seed=3), held_out=1)


@pytest.fixture
def fake(dark_finder):
    """A trainer that notes its calls and gives out a network that is there already."""
    return lambda calls: _fake(calls, dark_finder)


def _fake(calls, network):
    def train(recipe, data, out, device, report, begin_with):
        calls.append((recipe.epochs, device, (data / "data.yaml").is_file()))
        path = out / "network" / "best.onnx"
        path.write_bytes(network.read_bytes())
        report("train", 1.0)
        return path, {"person": {"ap50": 0.5, "ap50_95": 0.25}}

    return train


@pytest.fixture(scope="module")
def stills(tmp_path_factory):
    folder = tmp_path_factory.mktemp("training") / "stills"
    make_stills(TINY, folder, workers=1)
    return folder


def test_training_and_judging_never_share_a_seed(stills):
    seeds = [json.loads((stills / n / "plan.json").read_text())["seed"] for n in ("train", "val")]
    assert seeds == [3, 3 + _HELD_OUT_SEED]
    train, val = (next((stills / n / "images").glob("*.jpg")).read_bytes() for n in ("train", "val"))
    assert train != val


def test_the_card_says_what_was_made_of_what(stills, tmp_path, fake, dark_finder):
    card = train_network(TINY, stills, tmp_path, trainer=fake([]))
    assert card == json.loads((tmp_path / "card.json").read_text())
    shipped = (tmp_path / "parvis-n.onnx").read_bytes()
    assert (card["bytes"], card["sha256"]) == (len(shipped), hashlib.sha256(shipped).hexdigest())
    assert (tmp_path / "parvis-n-float32.onnx").read_bytes() == dark_finder.read_bytes()
    assert card["pictures"] == {"train": 1, "val": 1}
    assert card["recipe"]["stills"]["seed"] == 3
    assert card["held_out"]["person"]["ap50"] == 0.5
    assert card["labels_sha256"]["train"] != card["labels_sha256"]["val"]


@pytest.mark.parametrize(("eight", "numbers"), [(0.595, "int8"), (0.58, "float32")])
def test_eight_bits_ship_where_they_cost_less_than_a_point(stills, tmp_path, fake, monkeypatch, eight, numbers):
    scores = {"parvis-n-float32.onnx": {"person": 0.6}, "parvis-n.onnx": {"person": eight}}
    monkeypatch.setattr("dashboard.training.still_scores", lambda path, _: scores[path.name])
    card = train_network(TINY, stills, tmp_path, trainer=fake([]))
    files = [(tmp_path / name).read_bytes() for name in scores]
    assert card["numbers"] == numbers
    assert card["held_out_as_run_ap50"] == {"float32": {"person": 0.6}, "int8": {"person": eight}}
    assert (files[0] == files[1]) == (numbers == "float32")


def test_another_recipe_does_not_go_on_with_a_training_unless_it_is_thrown_away(stills, tmp_path, fake):
    calls = []
    trainer = fake(calls)
    train_network(TINY, stills, tmp_path, trainer=trainer)
    train_network(TINY, stills, tmp_path, trainer=trainer)
    other = replace(TINY, epochs=9)
    with pytest.raises(DetectorError, match="another recipe"):
        train_network(other, stills, tmp_path, trainer=trainer)
    assert calls == [(TINY.epochs, "cpu", True)] * 2
    assert train_network(other, stills, tmp_path, trainer=trainer, fresh=True)["recipe"]["epochs"] == 9


def test_without_stills_nothing_is_trained(tmp_path, fake):
    with pytest.raises(DetectorError, match="holds no stills"):
        train_network(TINY, tmp_path, tmp_path, trainer=fake([]))


def test_without_ultralytics_the_extra_is_named(stills, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ultralytics", None)
    with pytest.raises(MissingExtraError, match="ultralytics"):
        train_network(TINY, stills, tmp_path)
    assert not (tmp_path / "network").exists()


def test_a_training_that_begins_with_a_network_says_with_which(stills, tmp_path, fake):
    earlier = tmp_path / "last.pt"
    earlier.write_bytes(b"weights")
    longer = replace(recipe_named("taste", begin_with=earlier, learning_rate=1e-3), stills=TINY.stills, held_out=1)
    given = []

    def train(recipe, data, out, device, report, begin_with):
        given.append(begin_with)
        return fake([])(recipe, data, out, device, report, begin_with)

    card = train_network(longer, stills, tmp_path, begin_with=earlier, trainer=train)
    assert given == [earlier]
    assert card["recipe"]["begins_with"] == hashlib.sha256(b"weights").hexdigest()
    assert card["recipe"]["learning_rate"] == 1e-3
    with pytest.raises(DetectorError, match="checkpoint to begin with cannot be read"):
        recipe_named("taste", begin_with=tmp_path / "none.pt")


def test_numbers_change_a_recipe_and_an_unknown_one_is_named():
    changed = recipe_named("laptop", scenarios=4, epochs=2, seed=0)
    assert (changed.stills.scenarios, changed.epochs, changed.stills.seed) == (4, 2, 0)
    with pytest.raises(DetectorError, match="did you mean 'laptop'"):
        recipe_named("laptpo")


def test_the_command_films_stills_without_torch(tmp_path, monkeypatch):
    monkeypatch.setitem(RECIPES, "taste", TINY)
    arguments = ["train", "--recipe", "taste", "--stills-only", "--workers", "1", "--out", str(tmp_path), "--json"]
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert json.loads(done.stdout) == {"stills": str(tmp_path / "stills")}
    assert (tmp_path / "stills" / "data.yaml").is_file()
