/** @module The tags of TIFF files, of images and of slides. */
export { first, numbers, type Page, readPages, TAG, type Tags, type TiffPages, text } from "./directory";
export { formOf, tiffForm } from "./form";
