"""The prediction service: a model bundle and the online features behind an HTTP contract.

``schemas`` says what goes in and out, ``predictor`` answers it, ``routes`` speaks HTTP, ``service``
wires them for BentoML, ``launch`` starts the server.
"""
