"""The words of the field as values and pure functions; nothing here reads or writes."""
