import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from scenarios.errors import RecordingError
from scenarios.mask import MASKS, MaskWriter, decode_mask, encode_mask, load_masks

PICTURES = arrays.arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 14)))


def whole(mask):
    return encode_mask(mask, (0, 0), mask.shape[::-1])


@given(PICTURES)
def test_what_is_written_is_read(mask):
    np.testing.assert_array_equal(decode_mask(whole(mask), mask.shape[::-1]), mask)


@given(PICTURES, st.integers(0, 5), st.integers(0, 7))
def test_a_part_of_the_picture_gives_the_code_of_the_whole(part, x, y):
    high, wide = part.shape
    picture = np.zeros((high + y + 3, wide + x + 2), np.bool_)
    picture[y : y + high, x : x + wide] = part
    assert encode_mask(part, (x, y), picture.shape[::-1]) == whole(picture)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@given(PICTURES)
def test_coco_s_own_reader_agrees(mask):
    coco = pytest.importorskip("pycocotools.mask", reason="NO pycocotools: pip install 'parvis[dev]'")
    theirs = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    ours = {"size": list(mask.shape), "counts": whole(mask).encode()}
    np.testing.assert_array_equal(coco.decode(ours), mask)
    assert coco.area(ours) == mask.sum()
    assert coco.decode({"size": list(mask.shape), "counts": theirs["counts"]}).tolist() == mask.astype(int).tolist()
    np.testing.assert_array_equal(decode_mask(theirs["counts"].decode(), mask.shape[::-1]), mask)


def test_long_runs_of_a_large_picture():
    mask = np.zeros((1080, 1920), np.bool_)
    mask[3:1077, 5:1900] = True
    mask[500, 900] = False
    np.testing.assert_array_equal(decode_mask(whole(mask), (1920, 1080)), mask)
    assert len(whole(mask)) < 12_000


def test_a_known_code():
    """Counts 6, 1, 40, 4, 5, 4, 5, 4, 21 of a 9 x 10 picture: their code, group by group of five bits."""
    runs = [6, 1, 40, 4, 5, 4, 5, 4, 21]
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    assert whole(flat.reshape(10, 9).T) == "61X13mN000`0"


@pytest.mark.parametrize("code", ["61X13mN000`0P", "6", "n"])
def test_what_is_no_code_of_this_picture_is_refused(code):
    with pytest.raises(ValueError, match="no run-length code of a picture of 3 x 2"):
        decode_mask(code + "o", (3, 2))


def test_the_table_holds_every_instance_of_every_picture(tmp_path):
    instance = np.full((8, 10), -1, np.int32)
    instance[2:5, 3:6] = 7
    instance[4, 5:8] = 9
    boxes = np.array([(3, 2, 6, 5), (5, 4, 8, 5), (np.nan,) * 4], float)
    with MaskWriter(tmp_path / "truth" / "masks.parquet") as writer:
        writer.add("mast", 4, instance, np.array((7, 9, 11), np.int32), boxes)
    found = load_masks(tmp_path / "truth" / "masks.parquet")
    assert found.schema == MASKS
    rows = found.to_pylist()
    assert [(r["camera"], r["frame"], r["id"], r["area_px"]) for r in rows] == [("mast", 4, 7, 8), ("mast", 4, 9, 3)]
    for row in rows:
        np.testing.assert_array_equal(decode_mask(row["counts"], (10, 8)), instance == row["id"])
    with pytest.raises(RecordingError, match="has no masks; make it again with --masks"):
        load_masks(tmp_path / "none.parquet")
