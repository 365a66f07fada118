// Drives the review page as a person at a keyboard would: `node keyboard.js PLAYWRIGHT AXE PLAN`. The plan is a JSON file with
// `page`, `saved` (where the decisions go), `by`, and `steps`: what is decided, in order. Prints what was seen, as JSON.
const fs = require("fs");
const [, , playwright, axe, planFile] = process.argv;
const { chromium } = require(playwright);
const plan = JSON.parse(fs.readFileSync(planFile, "utf8"));
const seen = { console: [], requests: [], violations: [], warned: [], drawn: 0, passed: 0 };

const open = async (browser, options) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.on("console", (message) => seen.console.push(message.text()));
  page.on("pageerror", (error) => seen.console.push(error.message));
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("dialog", (dialog) => { seen.warned.push(dialog.type()); dialog.accept(); });
  await page.goto("file://" + plan.page);
  return page;
};

const settled = (page) => page.evaluate(() => new Promise((done) => setTimeout(done, 60)));
const count = (page) => page.textContent("#count");

const check = async (page, what) => {
  await page.evaluate(fs.readFileSync(axe, "utf8"));
  const result = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  for (const found of result.violations) seen.violations.push(what + ": " + found.id + " " + found.nodes[0].html.slice(0, 120));
  seen.passed = Math.max(seen.passed, result.passes.length);
};

// Looks for a question by its legacy id, and goes down the queue until it is the one.
const goTo = async (page, item) => {
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  await page.fill("#find", item.split(":")[1]);
  await page.keyboard.press("Escape");
  for (let tries = 0; tries < 40; tries += 1) {
    if ((await page.textContent("#question .about")).endsWith(" " + item)) return;
    await page.keyboard.press("j");
  }
  throw new Error("the queue does not come to " + item);
};

const press = async (page, keys) => {
  for (const key of keys) {
    if (key.startsWith("type:")) await page.keyboard.type(key.slice(5));
    else await page.keyboard.press(key);
  }
  await settled(page);
};

const decideAlike = async (page, step) => {
  await page.keyboard.press("d");
  await check(page, "alike");
  await page.selectOption("#alike-answer", { label: step.alike });
  await page.fill("#alike-reason", step.reason);
  await page.click("#alike button[type=submit]");
  await settled(page);
};

(async () => {
  const browser = await chromium.launch({ executablePath: plan.browser, args: ["--no-sandbox"] });
  const page = await open(browser, {});
  seen.before = await count(page);
  await check(page, "light");
  await page.fill("#by", plan.by);
  for (const step of plan.steps) {
    await goTo(page, step.item);
    if (step.face) await check(page, step.item);
    if (step.alike) await decideAlike(page, step);
    else await press(page, step.keys);
  }
  seen.decided = await count(page);
  seen.drawn = await page.locator("[role=option]").count();
  await page.reload();
  seen.reloaded = await count(page);
  await page.keyboard.press("?");
  await check(page, "keys");
  await page.keyboard.press("Escape");
  const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("w")]);
  await download.saveAs(plan.saved);
  const warnedBefore = seen.warned.length;
  await page.reload();
  seen.warnedAfterSaving = seen.warned.length - warnedBefore;
  seen.title = await page.title();

  // another browser, dark and narrow, gets the decisions from the file
  const other = await open(browser, { colorScheme: "dark", viewport: { width: 390, height: 844 } });
  seen.elsewhere = await count(other);
  await other.setInputFiles("#saved", plan.saved);
  await settled(other);
  seen.restored = await count(other);
  await check(other, "dark and narrow");
  await browser.close();
  console.log(JSON.stringify(seen));
})().catch((error) => { console.error(error); process.exit(1); });
