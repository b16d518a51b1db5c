(async () => {
  const read = id => JSON.parse(document.getElementById(id).textContent);
  const figures = read("figures"), themes = read("themes");
  const plots = [...document.querySelectorAll("[data-figure]")];
  const dark = matchMedia("(prefers-color-scheme: dark)"), coarse = matchMedia("(pointer: coarse)").matches;
  const printWidth = 680;  // what A4 and Letter leave between their margins

  const layoutOf = (plot, scheme) => {
    const template = structuredClone(themes[scheme]);
    if (plot.clientWidth < 480) template.layout.font.size = 11;
    // A finger that scrolls the page must not zoom the figure.
    return { ...figures[plot.dataset.figure].layout, template, autosize: true, dragmode: coarse ? false : "zoom" };
  };
  const paint = scheme => Promise.all(plots.map(plot =>
    Plotly.react(plot, figures[plot.dataset.figure].data, layoutOf(plot, scheme), { responsive: true, displayModeBar: false })));

  try {
    const packed = Uint8Array.from(atob(document.getElementById("plotly").textContent), letter => letter.charCodeAt(0));
    const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(unpacked).text();
    document.head.append(script);
    await paint(dark.matches ? "dark" : "light");
  } catch (error) {
    for (const plot of plots) {
      plot.classList.add("failed");
      plot.textContent = "This browser cannot draw the figure (it takes one from 2023 or later); the tables hold the numbers.";
    }
    throw error;
  }
  dark.addEventListener("change", () => paint(dark.matches ? "dark" : "light"));
  addEventListener("beforeprint", () => plots.forEach(plot =>
    Plotly.relayout(plot, { template: themes.light, width: printWidth })));
  addEventListener("afterprint", () => paint(dark.matches ? "dark" : "light"));
})();
