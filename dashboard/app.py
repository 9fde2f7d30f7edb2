"""The control room in the browser: Test, Plan, Live, Calibrate and Library. Started by ``parvis dashboard``."""

from __future__ import annotations

import streamlit as st

_LOOKS = """
<style>
.block-container { padding-top: 3.6rem; max-width: 1560px; }
[data-testid="stMetricValue"] { font-variant-numeric: tabular-nums; font-size: 1.6rem; }
[data-testid="stMetric"] { background: #161d23; border: 1px solid #2c3843; border-radius: 8px; padding: 10px 14px; }
[data-testid="stIFrame"] { border: 1px solid #2c3843; border-radius: 8px; }
[data-testid="stElementContainer"]:has([data-testid="stIFrame"]), [data-testid="stElementContainer"]:has([data-testid="stIFrame"]) > div { height: auto !important; }
[data-testid="stMetricValue"], [data-testid="stMetricValue"] * { white-space: normal !important; }
@media (max-width: 640px) { [data-testid="stMetricValue"] { font-size: 1.25rem; } .st-key-scores [data-testid="stColumn"] { min-width: calc(50% - 1rem); flex: 1 1 calc(50% - 1rem); } }
[data-testid="stBaseButton-primary"], [data-testid="stBaseButton-primaryFormSubmit"] { background: #5cc4f5 !important; border-color: #5cc4f5 !important; color: #04202d !important; font-weight: 600; }
.still { display: block; width: 100%; border: 1px solid #2c3843; border-radius: 6px; background: #05080a; } .still.none { padding: 24% 0; text-align: center; color: #a3b3c1; }
.badge { display: inline-block; font-size: 12px; font-weight: 700; letter-spacing: .06em; border-radius: 4px; padding: 2px 8px; }
.exhibits { display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 14px; } .exhibits.three { grid-template-columns: repeat(auto-fill, minmax(280px, 1fr)); } .exhibits.wide { grid-template-columns: minmax(0, 1fr); }
.exhibits figure { margin: 0; background: #161d23; border: 1px solid #2c3843; border-radius: 8px; overflow: hidden; } .exhibits figcaption { padding: 8px 12px; font-size: 14px; } .exhibits figcaption span { display: block; color: #a3b3c1; }
.exhibit { display: block; width: 100%; height: auto; min-height: 60px; background: #05080a; border-radius: 6px; color: #a3b3c1; font-size: 13px; } .exhibits .exhibit { border-radius: 0; } .exhibit.plan { background: #161d23; margin-top: 4px; } .exhibit + .exhibit { margin-top: 10px; }
.card-title { margin: 0 0 6px; font-size: 1.15rem; font-weight: 600; padding: 0; } .badge.tag { background: #22303b; color: #b9d9ec; font-weight: 500; letter-spacing: 0; margin: 0 2px 4px 0; }
.badge.synthetic { background: #ffd84d; color: #201a00; } .badge.real { background: #5cc4f5; color: #04202d; }
</style>
"""  # noqa: E501  a style sheet


def _test() -> None:
    from dashboard.pages import testing

    testing.show()


def _plan() -> None:
    from dashboard.pages import planning  # compiles the crowd's kernels: only who plans waits for it

    planning.show()


def _live() -> None:
    from dashboard.pages import watching

    watching.show()


def _calibrate() -> None:
    from dashboard.pages import calibrating  # pulls in scipy: only who calibrates waits for it

    calibrating.show()


def _library() -> None:
    from dashboard.pages import browsing  # knows the compositor: only who browses waits for it

    browsing.show()


def main() -> None:
    """Show the page that was asked for."""
    st.set_page_config(page_title="Parvis", layout="wide", initial_sidebar_state="auto")
    st.html(_LOOKS)
    page = st.navigation(
        [
            st.Page(_test, title="Test", url_path="test", default=True),
            st.Page(_plan, title="Plan", url_path="plan"),
            st.Page(_live, title="Live", url_path="live"),
            st.Page(_calibrate, title="Calibrate", url_path="calibrate"),
            st.Page(_library, title="Library", url_path="library"),
        ],
        position="top",
    )
    page.run()


if __name__ == "__main__":  # a process that a page starts reads this file too, by another name
    main()
