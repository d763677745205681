"""Golden chats that a nurse can read, and the machinery that plays them."""
