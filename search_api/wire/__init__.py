"""Bodies of requests and answers: pydantic models and how they are made of what the product knows."""
