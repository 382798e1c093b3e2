"""Cache lines that a run touched: counted, and named by what lies in them."""
