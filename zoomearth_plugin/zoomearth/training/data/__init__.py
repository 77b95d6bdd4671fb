"""Data sets: whatever their layout, each is read into :class:`.question.LabelledQuestion` rows."""
