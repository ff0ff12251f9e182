"""`myna eval KIND FILE…`: judges Myna on cases in files, so that anybody can bring their own."""
