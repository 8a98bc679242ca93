"""The civil-defence alerting and information-sharing hub: sources speak, the hub decides once, every recipient is accounted for."""
