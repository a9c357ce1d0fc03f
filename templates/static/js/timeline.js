// Filters a year's lanes and table by kind, topic and service. The choice stands in the address.
const form = document.querySelector(".filters");
const marks = [...document.querySelectorAll("[data-kind]")];
const lanes = [...document.querySelectorAll(".lanes .lane")];
const choice = new URLSearchParams(location.search);

function fits(element) {
  const { kind, topic, service } = form.elements;
  const data = element.dataset;
  if (kind.value && !data.kind.split(" ").includes(kind.value)) return false;
  if (topic.value && !data.topic.split(" ").includes(topic.value)) return false;
  if (service.value && data.service !== undefined && !data.service.split("|").includes(service.value)) return false;
  return true;
}

function apply() {
  let rows = 0;
  for (const element of marks) {
    const off = !fits(element);
    element.classList.toggle("off", off);
    if (!off && element.localName === "tr") rows++;
  }
  const service = form.elements.service.value;
  for (const lane of lanes) {
    const name = lane.dataset.name.replace("…", "");
    lane.classList.toggle("off", Boolean(service) && !service.startsWith(name));
  }
  form.querySelector("output").textContent = `${rows} shown`;
  const asked = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  history.replaceState(null, "", asked.size ? `?${asked}` : location.pathname);
}

form.hidden = false;
for (const select of form.querySelectorAll("select")) {
  const wanted = choice.get(select.name);
  if ([...select.options].some((option) => option.value === wanted)) select.value = wanted;
}
form.addEventListener("change", apply);
form.addEventListener("submit", (event) => event.preventDefault());
apply();
