// Many questions that ask the same, decided in one step, and only after all of them were shown.

// The answers that mean the same to every one of them.
function commonAnswers(list) {
  const same = (answer) => (other) => other.action === answer.action && other.value === answer.value && !other.needs;
  const rest = list.slice(1).map(answers);
  return answers(list[0]).filter((answer) => (answer.needs === "reason" || !answer.needs) && rest.every((others) => answer.needs || others.some(same(answer))));
}

function alikeRow(question) {
  const person = data.people[question.user] || {};
  const other = question.other === null ? "" : plain(personName(question.other));
  return el("tr", {},
    el("td", {}, el("input", { type: "checkbox", checked: true, "aria-label": "decide " + question.item, value: question.item })),
    el("th", { scope: "row" }, value(recordName(question))),
    el("td", {}, other || value(person.birthdate || question.current || person.username)),
    el("td", {}, question.pair ? share(question.pair.score) : value(question.proposal || question.evidence || "")),
    el("td", { class: "soft" }, question.item));
}

// What each of the answers is called when it is about many.
function commonLabel(answer, question) {
  if (answer.action === "merge") return "one person each: the first goes into the second";
  return answer.action === "accept" && question.face === "value" ? "keep each as it is" : answer.label;
}

function showAlike(question) {
  const list = alikeOf(question);
  if (list.length < 2) return say("no other question asks the same");
  const dialog = byId("alike");
  const common = commonAnswers(list);
  const many = () => dialog.querySelectorAll("input[type=checkbox]:checked").length;
  const select = el("select", { id: "alike-answer" }, el("option", { value: "" }, "choose an answer"), common.map((answer, place) => el("option", { value: place }, commonLabel(answer, question))));
  const button = el("button", { type: "submit", class: "main" }, "");
  const count = () => { button.textContent = "decide these " + many() + " alike"; };
  const reason = el("input", { id: "alike-reason", autocomplete: "off", maxlength: "300" });
  const form = el("form", {
    submit: (event) => {
      event.preventDefault();
      if (select.value === "") return say("choose an answer first");
      const answer = common[Number(select.value)];
      if (answer.needs && !reason.value.trim()) return say("it needs a reason");
      const chosen = [...dialog.querySelectorAll("input[type=checkbox]:checked")].map((box) => byItem.get(box.value));
      const taken = decideSoundly(chosen.map((one) => ({ question: one, action: answer.action, value: answer.value, reason: reason.value.trim() })));
      dialog.close();
      const left = chosen.length - taken;
      say(taken + " decided alike: " + commonLabel(answer, question) + (left ? "; " + left + " contradict other answers and stay open" : ""));
      return show(nextOpen() || question);
    },
    change: count,
  },
  el("h2", { id: "alike-title" }, list.length + " questions ask the same"),
  el("p", {}, "All of them are here; take out what is to be looked at by itself."),
  el("div", { class: "many", tabindex: "0", role: "region", "aria-label": "the questions" }, el("table", {},
    el("thead", {}, el("tr", {}, ["decide", "record", question.face === "pair" ? "other" : "what is known", question.face === "pair" ? "probability" : "why or proposed", "question"].map((text) => el("th", { scope: "col" }, text)))),
    el("tbody", {}, list.map(alikeRow)))),
  el("div", { class: "ask" }, el("label", {}, "answer", select), el("label", {}, "reason", reason), button,
    el("button", { type: "button", click: () => dialog.close() }, "back")));
  dialog.replaceChildren(form);
  count();
  return dialog.showModal();
}
