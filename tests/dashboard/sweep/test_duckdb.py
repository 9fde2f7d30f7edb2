"""DuckDB reads the tables of a sweep as they lie."""

from __future__ import annotations

import pytest

duckdb = pytest.importorskip("duckdb", reason="NO DUCKDB: install the extra 'dev'")


def test_both_tables_are_read_and_joined(swept):
    found = duckdb.sql(
        f"""SELECT "rule.abandoned_object.alone_s" AS alone_s, count(*) AS runs,
                   avg("boxes.person.recall") > 0.9 AS seen
            FROM '{swept}/results.parquet' GROUP BY 1 ORDER BY 1"""
    ).fetchall()
    assert found == [(20, 2, True), (30, 2, True)]
    joined = duckdb.sql(
        f"""SELECT count(*) FROM '{swept}/results.parquet' r LEFT JOIN '{swept}/events.parquet' e USING (point)"""
    ).fetchall()
    assert joined[0][0] >= 4
