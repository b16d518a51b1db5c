(async () => {
  const read = id => JSON.parse(document.getElementById(id).textContent);
  const figures = read("figures"), themes = read("themes");
  const plots = [...document.querySelectorAll("[data-figure]")];
  const dark = matchMedia("(prefers-color-scheme: dark)"), coarse = matchMedia("(pointer: coarse)").matches;
  const printWidth = 680;  // what A4 and Letter leave between their margins
  const root = document.documentElement, choices = ["auto", "light", "dark"];

  const scheme = () => root.dataset.theme ?? (dark.matches ? "dark" : "light");
  const layoutOf = plot => {
    const template = structuredClone(themes[scheme()]);
    if (plot.clientWidth < 480) template.layout.font.size = 11;
    // A finger that scrolls the page must not zoom the figure.
    return { ...figures[plot.dataset.figure].layout, template, autosize: true, dragmode: coarse ? false : "zoom" };
  };
  const draw = plot =>
    Plotly.react(plot, figures[plot.dataset.figure].data, layoutOf(plot), { responsive: true, displayModeBar: false });
  const paint = () => Promise.all(plots.map(draw));

  const button = document.getElementById("theme");
  if (button) {
    const show = choice => {
      if (choice === "auto") delete root.dataset.theme; else root.dataset.theme = choice;
      button.textContent = { auto: "◐ auto", light: "☀ light", dark: "☾ dark" }[choice];
    };
    let chosen = "auto";
    // A page that is opened from a file may not be allowed to remember.
    try { chosen = choices.find(each => each === localStorage.getItem("algotrade-theme")) ?? "auto"; } catch { }
    show(chosen);
    button.hidden = false;
    button.addEventListener("click", () => {
      chosen = choices[(choices.indexOf(chosen) + 1) % choices.length];
      show(chosen);
      try { localStorage.setItem("algotrade-theme", chosen); } catch { }
      if (globalThis.Plotly) paint();
    });
  }

  try {
    const packed = Uint8Array.from(atob(document.getElementById("plotly").textContent), letter => letter.charCodeAt(0));
    const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(unpacked).text();
    document.head.append(script);
    await paint();
  } catch (error) {
    for (const plot of plots) {
      plot.classList.add("failed");
      plot.textContent = "This browser cannot draw the figure (it takes one from 2023 or later); the tables hold the numbers.";
    }
    throw error;
  }
  dark.addEventListener("change", paint);
  addEventListener("beforeprint", () => plots.forEach(plot =>
    Plotly.relayout(plot, { template: themes.light, width: printWidth })));
  addEventListener("afterprint", paint);
})();
