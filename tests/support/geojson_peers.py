"""Independent readers of GeoJSON: the packages geojson and geojson-pydantic, and QuPath's rules for importing objects.

Reads [path, ...] as JSON from standard input and prints, for each file,
{"geojson": [problem, ...], "pydantic": [problem, ...], "qupath": [problem, ...], "objects": [object, ...]}, an object being
{"id", "type", "class", "colour", "bounds": [x, y, width, height], "measurements"} as QuPath's importer would make it.

What QuPath does is in qupath-core/src/main/java/qupath/lib/io (GsonTools, QuPathTypeAdapters, ROITypeAdapters); where it would
warn, fall back on something else or leave something out, that is a problem here.
"""
import json
import math
import sys
import uuid

import geojson
import geojson_pydantic


def by_geojson(text):
    try:
        collection = geojson.loads(text)
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    if not isinstance(collection, geojson.FeatureCollection):
        return ["no FeatureCollection"]
    features = collection.features
    problems = [f"{number}: {feature.errors()}" for number, feature in enumerate(features) if not feature.is_valid]
    for number, feature in enumerate(features):
        for ring in feature.geometry.coordinates:
            # RFC 7946, 3.1.6: outer rings are counterclockwise.
            if sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:])) <= 0:
                problems.append(f"{number}: the ring is clockwise")
    return problems


def by_pydantic(text):
    try:
        geojson_pydantic.FeatureCollection.model_validate_json(text)
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    return []


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def class_problems(classification):
    """A class is read from an object that has both a name and a colour of three whole numbers."""
    if not isinstance(classification, dict) or set(classification) != {"name", "color"}:
        return ["the classification is no name and color"]
    name, colour = classification["name"], classification["color"]
    problems = []
    if not isinstance(name, str) or name.strip() == "" or "\n" in name:
        problems.append("the class has no valid name")
    if not isinstance(colour, list) or len(colour) != 3 or any(type(c) is not int or not 0 <= c <= 255 for c in colour):
        problems.append("the colour is not three bytes")
    return problems


def by_qupath(text):
    root = json.loads(text)
    problems, objects, seen = [], [], set()
    if not isinstance(root, dict) or root.get("type") != "FeatureCollection" or not isinstance(root.get("features"), list):
        return ["no FeatureCollection"], []
    for number, feature in enumerate(root["features"]):
        wrong = []
        try:
            identity = uuid.UUID(feature.get("id"))
            if str(identity) != feature["id"] or identity in seen:
                wrong.append("the id is not one of its own")
            seen.add(identity)
        except (TypeError, ValueError, AttributeError):
            wrong.append("the id is no UUID")
        geometry, properties = feature.get("geometry") or {}, feature.get("properties") or {}
        if geometry.get("type") != "Polygon" or len(geometry.get("coordinates", [])) != 1:
            problems.append(f"{number}: no polygon of one ring")
            continue
        ring = geometry["coordinates"][0]
        # A LinearRing of fewer points, or an open one, is an exception there, and the whole import fails.
        if len(ring) < 4 or ring[0] != ring[-1]:
            wrong.append("the ring is not closed")
        if any(len(point) != 2 or not all(map(is_number, point)) for point in ring):
            wrong.append("a corner is not two numbers")
        elif any(round(part, 2) != part for point in ring for part in point):
            wrong.append("a corner has more decimals than are kept")
        if properties.get("objectType") != "tile":
            wrong.append("it would become an annotation")
        wrong += class_problems(properties.get("classification"))
        measurements = properties.get("measurements")
        if not isinstance(measurements, dict) or not all(map(is_number, measurements.values())):
            wrong.append("the measurements are not numbers by name")
        problems += [f"{number}: {problem}" for problem in wrong]
        if wrong:
            continue
        (left, top), (right, bottom) = (map(min, zip(*ring))), (map(max, zip(*ring)))
        objects.append(
            {
                "id": feature["id"],
                "type": properties["objectType"],
                "class": properties["classification"]["name"],
                "colour": properties["classification"]["color"],
                "bounds": [left, top, right - left, bottom - top],
                "measurements": measurements,
            }
        )
    return problems, objects


answers = []
for path in json.load(sys.stdin):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    problems, objects = by_qupath(text)
    answers.append({"geojson": by_geojson(text), "pydantic": by_pydantic(text), "qupath": problems, "objects": objects})
print(json.dumps(answers))
