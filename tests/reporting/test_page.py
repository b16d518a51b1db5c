"""The page is one honest, self-contained file."""

import base64
import gzip
import json
import re
from functools import cache
from html.parser import HTMLParser

import pandas as pd
import pytest

from algotrade.reporting import ReportContext, ReportFrames, render_report, report_figures
from algotrade.reporting.captions import CAPTIONS

HOSTILE = '<img src=x onerror="alert(1)">/USDT'


class Page(HTMLParser):
    """The tags, the attributes and the visible words of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.words, self.scripts = [], [], [], {}
        self._inside = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in {"meta", "link", "img", "br"}:
            self._inside.append((tag, dict(attrs).get("id")))

    def handle_endtag(self, tag):
        while self._inside and self._inside.pop()[0] != tag:
            pass

    def handle_data(self, data):
        tag, identity = self._inside[-1] if self._inside else ("", None)
        if tag == "script":
            self.scripts[identity] = data
        elif data.strip() and not {"head", "style"} & {name for name, _ in self._inside}:
            self.words.append(" ".join(data.split()))

    @property
    def text(self):
        return " ".join(self.words)


@pytest.fixture(scope="module")
def render(make_metrics, make_context, report_frames):
    @cache
    def rendered(source="simulated", **changes):
        metrics = make_metrics(source, **changes)
        return render_report(metrics, report_figures(metrics, report_frames), make_context(**changes))

    return rendered


def test_the_page_loads_nothing(render):
    html = render()
    page = Page(html)
    assert not {"link", "img", "iframe", "object", "embed", "base"} & set(page.tags)
    loaded = [entry for entry in page.attributes if entry[1] in {"src", "href", "srcset", "action", "data"}]
    assert {(tag, name, value[:1]) for tag, name, value in loaded} == {("a", "href", "#")}
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest", html)
    assert "default-src 'none'" in html


def test_plotly_travels_inside_once(render):
    from plotly.offline import get_plotlyjs

    html = render()
    packed = Page(html).scripts["plotly"]
    assert gzip.decompress(base64.b64decode(packed)).decode() == get_plotlyjs()
    assert html.count(packed) == 1


def test_the_page_stays_below_five_megabytes(render):
    assert len(render().encode()) < 5_000_000


def test_a_simulated_market_is_named_in_the_first_line(render):
    page = Page(render())
    assert page.words[0] == (
        "Simulated market — made-up candles with a planted signal (information coefficient 0.06), not real prices."
    )


def test_real_prices_are_not_called_simulated(render, make_metrics):
    metrics = make_metrics("exchange")
    context = ReportContext(run_id="r", quality=pd.DataFrame({"exchange": ["binance"], "symbol": ["BTC/USDT"]}))
    page = Page(render_report(metrics, {}, context))
    assert page.words[0] == "Market data: exchange (binance)."
    assert "Simulated market" not in page.text


def test_every_figure_has_a_place_and_its_data(render):
    page = Page(render())
    placed = [value for _, name, value in page.attributes if name == "data-figure"]
    assert sorted(placed) == sorted(CAPTIONS)
    assert set(json.loads(page.scripts["figures"])) == set(CAPTIONS)
    assert set(json.loads(page.scripts["themes"])) == {"light", "dark"}


def test_a_figure_without_a_caption_is_shown_at_the_end(metrics, report_frames):
    drawn = report_figures(metrics, report_frames)
    page = Page(render_report(metrics, {"extra_view": drawn["equity"]}, ReportContext(run_id="r")))
    assert "More figures" in page.text
    assert "Extra view" in page.text


def test_the_reader_meets_everything_in_order(render):
    text = Page(render()).text
    order = (
        "run 2026-11-22", "BTC/USDT, ETH", "is not distinguishable from luck", "It meets", "Sharpe ratio of 1.10",
        "-0.40 to 2.60", "Growth of 1", "Deepest drawdowns", "Every figure", "Trades of ml_signal on price",
        "Profit of ml_signal, and", "implementation shortfall", "Is it luck?", "913 days",
        "25.0 bps a side", "What could have", "Whether they mean", "Agreement of folds", "Factors of the final fit",
        "Gaps are reported", "9f2c41d07be3a855", "The clock.",
    )  # fmt: skip
    positions = [text.index(word) for word in order]
    assert positions == sorted(positions)


def test_numbers_are_written_for_people(render):
    text = Page(render()).text
    for written in ("27.5 %", "goal < 15 %", "141,250", "87,720 candles", "2 min 11 s", "10 bps", "0.561"):
        assert written in text


def test_a_hostile_symbol_is_only_text(render):
    html = render(symbols=(HOSTILE, "BTC/USDT"))
    page = Page(html)
    assert "img" not in page.tags
    assert not [entry for entry in page.attributes if entry[1].startswith("on")]
    assert HOSTILE in page.text
    assert "<img" not in html


def test_hostile_names_cannot_leave_the_figure_data(make_metrics, report_frames):
    metrics = make_metrics()
    metrics["strategies"]["</script><script>alert(1)</script>"] = metrics["strategies"]["momentum"]
    html = render_report(metrics, report_figures(metrics, report_frames), ReportContext(run_id="r"))
    assert "<script>alert(1)" not in html
    assert html.count("</script>") == 4


def test_a_run_without_results_still_makes_a_page():
    html = render_report({}, report_figures({}, ReportFrames()), ReportContext(run_id="r"))
    text = Page(html).text
    assert "No verdict" in text
    assert "No strategy was backtested." in text
    assert "not defined" in text
    assert "None" not in text
    assert not re.search(r"\bnan\b", text)


def test_missing_statistics_read_not_defined(make_metrics):
    metrics = make_metrics()
    metrics["strategies"]["ml_signal"] = {"sharpe": float("nan")}
    del metrics["targets"]
    text = Page(render_report(metrics, {}, ReportContext(run_id="r"))).text
    assert not re.search(r"\bnan\b", text)
    assert "None" not in text


def test_the_verdict_is_green_only_without_a_warning(make_metrics):
    metrics = make_metrics()
    metrics["strategies"]["ml_signal"]["deflated_sharpe"] = 0.99
    assert 'class="verdict good"' in render_report(metrics, {}, ReportContext(run_id="r"))
    metrics["overfitting"]["probability_of_backtest_overfitting"] = 0.7
    assert 'class="verdict doubt"' in render_report(metrics, {}, ReportContext(run_id="r"))


def test_every_link_leads_to_a_section_of_the_page(render):
    page = Page(render())
    targets = {value for tag, name, value in page.attributes if name == "id"}
    links = [value for tag, name, value in page.attributes if name == "href"]
    assert len(links) > 10
    assert {link.removeprefix("#") for link in links} <= targets


def test_light_and_dark_can_be_chosen_and_paper_is_always_light(render):
    html = render()
    assert '<button class="switch" id="theme"' in html
    style = html[html.index("<style>") : html.index("</style>")]
    assert "@media (prefers-color-scheme: dark)" in style
    assert ":root[data-theme=dark]" in style
    paper = style[style.index("@media print") :]
    assert "color-scheme: light" in paper
    assert ".bar, .updatemenu-container { display: none; }" in paper


def test_wide_tables_scroll_inside_their_own_box(render):
    html = render()
    assert html.count("<table") == len(re.findall(r'<div class="scroll" tabindex="0">\s*<table', html))


def test_what_was_not_computed_is_said_section_by_section(metrics):
    metrics["overfitting"] = {}
    for own in metrics["strategies"].values():
        del own["intervals"], own["robustness"]
    text = Page(render_report(metrics, report_figures(metrics, ReportFrames()), ReportContext(run_id="r"))).text
    assert text.count("Not computed.") == 5
    for words in ("Attribution was not computed.", "Stress tests were not computed.", "none was swept"):
        assert words in render_report(metrics, report_figures(metrics, ReportFrames()), ReportContext(run_id="r"))
    assert not re.search(r"\bnan\b|\bNone\b", text)
