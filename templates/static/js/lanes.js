// Lanes closer up: stretches the years, and keeps the names in sight while they are scrolled sideways.
// Without it the whole drawing stands there, and every year has a page of its own.
const STEPS = [1, 2, 4, 8];

for (const box of document.querySelectorAll(".lanes-box")) {
  const svg = box.querySelector("svg");
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  const left = Number(svg.dataset.left);
  const at = (path) => Number(/^M([\d.]+)/.exec(path.getAttribute("d"))[1]);
  // Everything that has a day, with where it stands; what is drawn around a point moves as it is.
  const points = [...svg.querySelectorAll(".tick, .m")].map((node) => {
    const shape = node.querySelector("circle, path") ?? node;
    return [node, shape.localName === "circle" ? Number(shape.getAttribute("cx")) : at(shape)];
  });
  const years = [...svg.querySelectorAll(".year")].map((node) => [node, Number(node.getAttribute("x"))]);
  const spans = [...svg.querySelectorAll("rect")].map((node) => [node, Number(node.getAttribute("x")), Number(node.getAttribute("width"))]);
  const bases = [...svg.querySelectorAll(".base")];

  // The names on paper of their own, above what passes beneath them.
  const names = [...svg.querySelectorAll("g")].flatMap((lane) => {
    const parts = [...lane.querySelectorAll("text")].map((text) => text.closest("a") ?? text);
    if (parts.length === 0) return [];
    const text = lane.querySelector("text").getBBox();
    const name = document.createElementNS(svg.namespaceURI, "g");
    const paper = document.createElementNS(svg.namespaceURI, "rect");
    for (const [key, value] of Object.entries({ class: "names", x: 0, y: text.y, width: left - 4, height: text.height })) paper.setAttribute(key, value);
    name.append(paper, ...parts);
    lane.append(name);
    return [name];
  });
  box.addEventListener("scroll", () => {
    for (const name of names) name.setAttribute("transform", `translate(${box.scrollLeft} 0)`);
  }, { passive: true });

  let step = 0;
  const out = document.createElement("button");
  const closer = document.createElement("button");
  const controls = document.createElement("p");
  controls.className = "zoom";
  for (const [button, sign, way] of [[out, "−", "further off"], [closer, "+", "closer up"]]) {
    button.type = "button";
    button.className = "lesser";
    button.textContent = sign;
    button.setAttribute("aria-label", `${box.getAttribute("aria-label")}: ${way}`);
  }
  controls.append("Zoom ", out, closer);
  box.before(controls);

  function zoom(to) {
    const was = STEPS[step];
    step = Math.max(0, Math.min(STEPS.length - 1, to));
    const by = STEPS[step];
    // What stands in the middle stays there.
    const middle = (box.scrollLeft + (box.clientWidth + left) / 2 - left) / was;
    const x = (old) => left + (old - left) * by;
    const full = Math.round(x(width));
    svg.setAttribute("viewBox", `0 0 ${full} ${height}`);
    svg.setAttribute("width", full);
    for (const [node, old] of points) node.setAttribute("transform", `translate(${x(old) - old} 0)`);
    for (const [node, old] of years) node.setAttribute("x", x(old));
    for (const [node, old, wide] of spans) {
      node.setAttribute("x", x(old));
      node.setAttribute("width", wide * by);
    }
    for (const base of bases) base.setAttribute("d", base.getAttribute("d").replace(/H.*/, `H${full}`));
    out.disabled = step === 0;
    closer.disabled = step === STEPS.length - 1;
    box.scrollLeft = middle * by + left - (box.clientWidth + left) / 2;
  }
  out.addEventListener("click", () => zoom(step - 1));
  closer.addEventListener("click", () => zoom(step + 1));
  zoom(0);
  // Where not all fits, the newest is seen first.
  box.scrollLeft = box.scrollWidth;
}
