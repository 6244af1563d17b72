import { HistoError } from "../../errors/index";
import type { Network } from "../network";
export async function subspaceNetwork(..._: unknown[]): Promise<Network> {
  throw new HistoError("X", "soon");
}
