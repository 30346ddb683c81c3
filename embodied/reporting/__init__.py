"""`embodied report`: the findings of run folders, written in the form that is asked for."""
