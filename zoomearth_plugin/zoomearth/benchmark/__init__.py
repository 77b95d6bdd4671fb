"""How good a model is: questions with known answers, asked through the same loop as a person's."""
