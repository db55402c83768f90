"""Two models on one database, three seeds, a table for a paper."""

from pathlib import Path

import relsynth as rs

SHOP = Path(__file__).parents[2] / "schemas" / "shop.json"

real = rs.generate(SHOP, rows={"customers": 150}, seed=1)
make = rs.RelationalSynthesizer
models = {name: make(SHOP, model=name).fit(real) for name in ("cart", "hvrt")}
compared = rs.compare(models, real, SHOP, seeds=(0, 1, 2), measures=["shapes", "pairs"])
print(compared.to_latex("table.tex"))
