"""The composition root: which backend stands behind each port, and what is put together of them."""
