"""Machines from and for other tools: lstopo XML, `numactl -H`, Intel MLC."""
