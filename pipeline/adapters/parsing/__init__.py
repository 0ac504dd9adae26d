"""What every parser shares: killable child processes, what crosses their pipe, ink."""
