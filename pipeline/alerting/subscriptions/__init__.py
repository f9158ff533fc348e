"""Who wants to be told what, when and how."""
