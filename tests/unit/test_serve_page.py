"""The page of ``kbridge serve`` in a real browser: Debian's chromium with its driver, started here."""

import shutil

import numpy as np
import pytest

from kbridge.layers import Activation, Dense, Flatten
from kbridge.models import Sequential

from .test_serve import Served

pytest.importorskip("starlette", reason="starlette is not installed (extra 'serve')")
pytest.importorskip("selenium", reason="selenium is not installed (extra 'test')")
image = pytest.importorskip("PIL.Image", reason="pillow is not installed (extra 'images')")

CHROMIUM, DRIVER = shutil.which("chromium") or shutil.which("chromium-browser"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no chromium with its driver here (apt install chromium chromium-driver)")

TOKEN = "a-token-nobody-guesses"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A model whose class is the brightest of four corners, and one of three numbers, behind a token."""
    folder = tmp_path_factory.mktemp("page")
    model = Sequential([Flatten(input_shape=(4, 4, 1)), Dense(4), Activation("softmax")])
    corners = np.zeros((4, 4, 4))
    for i, (rows, columns) in enumerate(
        [(slice(2), slice(2)), (slice(2), slice(2, 4)), (slice(2, 4), slice(2)), (slice(2, 4), slice(2, 4))]
    ):
        corners[rows, columns, i] = 5
    model.set_weights([corners.reshape(16, 4), np.zeros(4)])
    model.save(folder / "corners.h5")
    sums = Sequential([Dense(1, input_dim=3, name="sum")])
    sums.set_weights([np.ones((3, 1)), np.zeros(1)])
    sums.save(folder / "sums.h5")
    (folder / "labels.txt").write_text("0 top left\n1 top right\n2 bottom left\n3 bottom right\n")
    arguments = [f"sums={folder / 'sums.h5'}", "--labels", f"m={folder / 'labels.txt'}", "--scaling", "0..1", "--token", TOKEN]
    found = Served(folder / "corners.h5", folder, *arguments, "--interpolation", "box")
    pixels = np.zeros((8, 8), "uint8")
    pixels[4:, :4] = 255
    image.fromarray(pixels).save(folder / "bottom-left.png")
    (folder / "rows.csv").write_text("a,b,c\n1,2,3\n4,5,6\n")
    found.folder = folder
    yield found
    found.stop()


@pytest.fixture(scope="module")
def browser():
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=390,800"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield found
    found.quit()


@pytest.fixture
def page(browser, served):
    browser.get(f"{served.url}/")
    found = Page(browser)
    found.until(lambda: found.by("token").is_displayed())
    found.by("token").send_keys(TOKEN, "\n")
    found.until(lambda: found.by("ask").is_displayed())
    return found


class Page:
    """Short words for what the tests do."""

    def __init__(self, browser):
        self.browser = browser

    def by(self, name):
        return self.browser.find_element("id", name)

    def until(self, condition):
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.browser, 60).until(lambda _: condition())

    def bars(self):
        self.until(lambda: self.by("bars").text.strip())
        return self.by("bars").text.split("\n")

    def choose(self, model):
        from selenium.webdriver.support.ui import Select

        Select(self.by("model")).select_by_visible_text(model)


def test_a_picture(page, served):
    page.by("file").send_keys(str(served.folder / "bottom-left.png"))
    assert page.bars()[0] == "bottom left"
    assert page.by("preview").is_displayed()
    assert "bottom-left.png" in page.by("curl").get_attribute("textContent")
    assert "Dense" in page.by("layers").get_attribute("textContent")
    # values are scaled, so there is nothing to say of them
    assert not page.by("hint").is_displayed()
    page.browser.execute_script("show({ ...model, hint: 'values go in from 0 to 255' })")
    assert page.by("hint").text == "Hint: values go in from 0 to 255"


def test_a_drawing(page):
    from selenium.webdriver.common.action_chains import ActionChains

    page.by("tab-draw").click()
    actions = ActionChains(page.browser).move_to_element_with_offset(page.by("canvas"), 60, -120).click_and_hold()
    for x in range(60, 125, 12):
        actions = actions.move_to_element_with_offset(page.by("canvas"), x, -120).move_to_element_with_offset(page.by("canvas"), x, -20)
    actions.release().perform()
    page.by("predict-drawing").click()
    assert page.bars()[0] == "top right"


def test_numbers_and_what_is_wrong_with_them(page):
    page.choose("sums")
    assert page.by("row").is_displayed() and not page.by("tab-picture").is_displayed()
    page.by("row").send_keys("1, 2 4.5")
    page.by("predict-row").click()
    assert page.bars() == ["sum", "7.5000"]
    page.by("row").send_keys(" 8")
    page.by("predict-row").click()
    page.until(lambda: "got (4,)" in page.by("problem").text)
    page.by("row").send_keys(" word")
    page.by("predict-row").click()
    page.until(lambda: "Numbers are expected" in page.by("problem").text)


def test_a_table(page, served):
    page.choose("sums")
    page.by("tab-table").click()
    page.by("csv").send_keys(str(served.folder / "rows.csv"))
    assert [line.split()[-1] for line in page.bars()] == ["6.000", "15.00"]


def test_the_keyboard_alone(page):
    from selenium.webdriver.common.keys import Keys

    page.by("tab-picture").send_keys(Keys.ARROW_RIGHT)
    assert page.browser.switch_to.active_element == page.by("tab-draw")
    assert page.by("canvas").is_displayed()
    page.by("tab-draw").send_keys(Keys.ARROW_RIGHT)
    page.browser.switch_to.active_element.send_keys(Keys.TAB, *"[[1,0,0,0],[0,0,0,0],[0,0,0,0],[0,0,0,0]]", Keys.CONTROL + Keys.ENTER)
    page.until(lambda: "takes samples" in page.by("problem").text)


def test_a_phone_sees_all_of_it_and_nothing_is_asked_elsewhere(page, browser, served):
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    urls = browser.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert urls and all(url.startswith(served.url) or url.startswith("data:") for url in urls)
    # but for the 401 that says that a token is wanted, and the 400s of the tests
    wrong = [entry["message"] for entry in browser.get_log("browser") if "status of 40" not in entry["message"]]
    assert not wrong
