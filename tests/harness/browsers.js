// Decides on the review page as somebody at a keyboard would, one key for each question: `node browsers.js MODULES PLAN`. The plan is
// a JSON file with `browser` (chromium or firefox), `program`, `page`, `folder` (where a download goes), `most` (keys at most) and
// `big` (a page to be measured, or null). Prints what was seen, as JSON.
const fs = require("fs");
const path = require("path");
const [, , modules, planFile] = process.argv;
const puppeteer = require(path.join(modules, "puppeteer-core"));
const axe = fs.readFileSync(path.join(modules, "axe-core/axe.min.js"), "utf8");
const plan = JSON.parse(fs.readFileSync(planFile, "utf8"));
const seen = { console: [], violations: [], keys: 0 };

const launch = () => puppeteer.launch(plan.browser === "firefox" ? {
  browser: "firefox", executablePath: plan.program, headless: true, defaultViewport: null, args: ["--width=1280", "--height=900"],
  extraPrefsFirefox: {
    "browser.download.folderList": 2, "browser.download.dir": plan.folder, "browser.download.useDownloadDir": true,
    "browser.download.always_ask_before_handling_new_types": false,
  },
} : { executablePath: plan.program, args: ["--no-sandbox", "--window-size=1280,900"], defaultViewport: null });

const open = async (browser, file) => {
  const page = await browser.newPage();
  page.on("console", (message) => seen.console.push(message.text()));
  page.on("pageerror", (error) => seen.console.push(error.message));
  if (plan.browser !== "firefox") {
    const session = await page.createCDPSession();
    await session.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: plan.folder });
  }
  await page.goto("file://" + file);
  return page;
};

const check = async (page) => {
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] })
    .then((result) => result.violations.map((one) => one.id + " " + one.nodes[0].html.slice(0, 120))));
  seen.violations.push(...found);
};

// What a hurried person takes: two people, the first answer, what is there, or somebody else.
const keyOf = (keys) => ["n", "1", "a", "e"].find((key) => keys.includes(key));

const decide = async (page) => {
  await page.type("#by", "Ada Berg");
  await page.keyboard.press("Escape");
  while (seen.keys < plan.most) {
    const { keys, left } = await page.evaluate(() => ({
      keys: [...document.querySelectorAll(".answers kbd")].map((key) => key.textContent),
      left: document.getElementById("progress").max - document.getElementById("progress").value,
    }));
    if (left === 0) break;
    await page.keyboard.press(keyOf(keys));
    seen.keys += 1;
  }
  seen.count = await page.$eval("#count", (count) => count.textContent);
  await check(page);
  await page.keyboard.press("w");
  for (let tries = 0; tries < 100 && !seen.saved; tries += 1) {
    await new Promise((done) => setTimeout(done, 100));
    seen.saved = fs.readdirSync(plan.folder).find((name) => name.endsWith(".json"));
  }
};

// Milliseconds until the next picture, the middle of several tries: of a step down the queue, an answer, and a search.
const measure = (page) => page.evaluate(async () => {
  const picture = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  const press = (key) => document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  const find = document.getElementById("find");
  const middle = async (work) => {
    const took = [];
    for (let tries = 0; tries < 9; tries += 1) {
      const begun = performance.now();
      work(tries);
      await picture();
      took.push(performance.now() - begun);
    }
    return took.sort((one, other) => one - other)[4];
  };
  return {
    step: await middle(() => press("j")),
    answer: await middle(() => press("e")),
    search: await middle((tries) => { find.value = String(tries); find.dispatchEvent(new Event("input")); }),
    drawn: document.querySelectorAll("[role=option]").length,
    count: document.getElementById("count").textContent,
  };
});

(async () => {
  const browser = await launch();
  await decide(await open(browser, plan.page));
  if (plan.big) {
    const begun = Date.now();
    const page = await open(browser, plan.big);
    seen.opened = Date.now() - begun;
    seen.big = await measure(page);
  }
  await browser.close();
  console.log(JSON.stringify(seen));
})().catch((error) => { console.error(error); process.exit(1); });
