/** @module Image sources: folders, data sets and S3. */
export { FolderImages } from "./folder-images";
export { checkImageName, IMAGE_NAME_RULE, type ImageEntry, type ImageSource, isSlideName } from "./image-source";
export { openImages } from "./open-images";
