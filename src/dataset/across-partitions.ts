/** @module What the partitions of a data set share, which makes results too good. */
import { counted } from "../format/index";

/** The numbers of groups (patients, slides) and of pictures of which several partitions have images. */
export interface AcrossPartitions {
  readonly groups: number;
  readonly pictures: number;
}

/** What to say of it beside results. Names no patients and no tiles, as cards and reports are passed on. */
export function leakWords(shared: AcrossPartitions | undefined): string[] {
  if (!shared) return [];
  const { groups, pictures } = shared;
  const parts = [
    ...(groups > 0 ? [`images of ${counted(groups, "patient or slide", "patients or slides")}`] : []),
    ...(pictures > 0 ? [`equal images of ${counted(pictures, "picture")}`] : []),
  ];
  return [`These results are too good: ${parts.join(" and ")} are in more than one partition.`];
}
