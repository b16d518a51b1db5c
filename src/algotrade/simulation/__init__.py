"""Things with a known truth: a market whose predictability is planted."""
