from sample_measurement import make_measurement, measurement

__all__ = ["make_measurement", "measurement"]
