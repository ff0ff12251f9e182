"""The nouns of the core as frozen values: what the ports carry and every layer above speaks.

Times are unix seconds as float; ids are integers (strings only on the wire).
"""
