/* Before the first paint: the theme somebody chose, if anybody did. */
(() => {
	let chosen = null;
	try {
		chosen = localStorage.getItem("theme");
	} catch {
		/* storage is switched off: the system's theme */
	}
	if (chosen === "light" || chosen === "dark")
		document.documentElement.dataset.theme = chosen;
})();
