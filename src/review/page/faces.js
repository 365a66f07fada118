// Each kind of question has a face of its own: what a person looks at before deciding.

function title(question) {
  const name = plain(recordName(question));
  if (question.face === "pair") return "Are these one person?";
  if (question.face === "practice") return "Which practice does " + name + " belong to?";
  if (question.face === "reference") return "The " + words(question.question).replace(/ id$/, "") + " of " + name + " leads nowhere. Which is meant?";
  if (question.face === "record") return "What about " + name + "?";
  return "Is this " + words(question.question) + " right?";
}

function shareBar(part, whole) {
  const bar = el("span", {});
  bar.style.width = (100 * part / whole) + "%";
  return el("span", { class: "share", "aria-hidden": "true" }, bar);
}

function pairFace(question) {
  const ids = [question.user, question.other, ...linkedWith([question.user, question.other])];
  const heads = ids.map((id, place) => ["user " + id, place === 0 ? " (would go)" : place === 1 ? " (would stay)" : " (linked too)"].join(""));
  const pair = question.pair;
  const falls = waterfall(pair);
  const table = peopleTable("both as the legacy system has them", ids, heads, falls.cells);
  const body = table.querySelector("tbody");
  body.prepend(falls.before());
  body.append(...falls.rest(), falls.after());
  const brings = pair.look_value === null ? null : " A look is expected to bring " + pair.look_value.toFixed(2) + " records together.";
  return [el("p", {}, "Probability ", el("strong", {}, share(pair.score)), ", evidence " + bits(pair.weight) + " bits, band " + pair.band + ".", brings), table];
}

// Where the other patients of the doctor are.
function officesFace(question) {
  const offices = (data.offices[question.doctor] || []).slice().sort((one, other) => other[1] - one[1]);
  if (!offices.length) return el("p", { class: "soft" }, "No patient of user " + question.doctor + " has an office.");
  const whole = offices.reduce((sum, [, many]) => sum + many, 0);
  const rows = offices.slice(0, 12).map(([office, many]) => el("tr", {}, el("th", { scope: "row" }, value(practiceName(office))),
    el("td", { class: "number" }, String(many)), el("td", {}, shareBar(many, whole))));
  const caption = "practices of the patients of " + plain(personName(question.doctor)) + (offices.length > 12 ? ", the first 12 of " + offices.length : "");
  return el("table", {}, el("caption", {}, caption), el("tbody", {}, rows));
}

function practiceFace(question) {
  const why = question.method
    ? el("p", {}, "The rules chose ", el("strong", {}, value(practiceName(question.proposed))), " by " + words(question.method) + ", confidence " + question.confidence + ": ", value(question.evidence), ".")
    : el("p", {}, "No rule found a practice.");
  return [why, peopleTable("the person", [question.user], ["user " + question.user]), question.doctor === null ? null : officesFace(question)];
}

function rowFace(question) {
  const rows = question.row.filter(([, text]) => text !== "").map(([name, text]) => el("tr", {}, el("th", { scope: "row" }, words(name)),
    el("td", {}, name === "office_id" ? value(practiceName(text)) : value(text))));
  return rows.length ? el("table", {}, el("caption", {}, "the record as the legacy system has it"), el("tbody", {}, rows)) : null;
}

function recordFace(question) {
  return [rowFace(question), data.people[question.user] === undefined ? null : peopleTable("the person", [question.user], ["user " + question.user])];
}

// Who has the address, who keeps it, and what each would get.
function emailFace(question) {
  const ids = [question.user, ...question.sharing];
  const rows = ids.map((id) => {
    const person = data.people[id] || {};
    const keeps = person.gets_email && person.email && person.gets_email === person.email.trim().toLowerCase();
    return el("tr", {}, el("th", { scope: "row" }, value(personName(id))), el("td", {}, value(person.email)),
      el("td", {}, value(person.gets_email)), el("td", {}, keeps ? "keeps it" : ""), el("td", {}, value(person.last_login)));
  });
  const heads = ["user", "legacy address", "would get", "", "last login"];
  return [el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "who has this address" }, el("table", {},
    el("caption", {}, "who has this address"), el("thead", {}, el("tr", {}, heads.map((text) => el(text ? "th" : "td", { scope: text ? "col" : null }, text)))), el("tbody", {}, rows))),
  question.proposal ? el("p", {}, "Proposed: ", el("strong", {}, value(question.proposal))) : null, recordFace(question)];
}

function valueFace(question) {
  return [el("table", {}, el("tbody", {},
    el("tr", {}, el("th", { scope: "row" }, "as it stands"), el("td", {}, value(question.current))),
    question.proposal ? el("tr", {}, el("th", { scope: "row" }, "proposed"), el("td", {}, el("strong", {}, value(question.proposal)))) : null)),
  recordFace(question)];
}

// An answer of before, whose record says something else since.
function earlierFace(question) {
  const earlier = question.earlier;
  if (!earlier) return null;
  return el("div", { class: "earlier" },
    el("p", {}, el("strong", {}, "Decided before: "), decisionText(question, { action: earlier.action, value: earlier.value || "" }),
      " by ", value(earlier.decided_by), " on " + earlier.decided_at.slice(0, 10), earlier.reason ? [" – ", value(earlier.reason)] : null),
    el("p", {}, "The record says something else since then. What it says now is below; the decision holds until it is answered anew."));
}

function issueList(question) {
  const told = question.issues.filter((issue) => issue.message);
  return told.map((issue) => el("p", { class: "about" }, sentence(issue.message) + " " + sentence(issue.suggestion),
    issue.context && issue.context !== question.evidence && question.face !== "practice" && !issue.context.startsWith("proposal=") ? [" ", el("code", {}, value(issue.context))] : null));
}

const FACE = { pair: pairFace, practice: practiceFace, reference: recordFace, email: emailFace, value: valueFace, record: recordFace };

function face(question) {
  const others = alikeOf(question).filter((other) => other !== question);
  const examples = others.slice(0, 3).map((other) => plain(recordName(other))).join(", ");
  return [
    el("p", { class: "about" }, el("span", { class: "chip " + question.severity }, question.severity),
      question.status === "escalated" ? el("span", { class: "chip" }, "passed on before") : null,
      question.earlier ? el("span", { class: "chip high" }, FACES.changed) : null,
      words(kindOf(question)) + " · " + question.item),
    el("h2", { id: "title" }, title(question)),
    issueList(question),
    earlierFace(question),
    FACE[question.face](question),
    others.length ? el("p", {}, others.length + " more ask the same, such as " + examples + ". ",
      el("button", { type: "button", "aria-keyshortcuts": "d", click: () => showAlike(question) }, "decide these " + (others.length + 1) + " alike ", el("kbd", {}, "d"))) : null,
  ];
}
