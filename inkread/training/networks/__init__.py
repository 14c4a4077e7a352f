"""Networks, one family per file: functions that build a Keras model of a shape and a number of classes."""
