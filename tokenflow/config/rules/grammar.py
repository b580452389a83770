"""The ids of problems that are found before the rules: by reading YAML, by presets, by the schema, by references."""

from __future__ import annotations

from typing import Final

from tokenflow.config.rules.rule import Explanation

GRAMMAR: Final = (
    Explanation(
        id="yaml",
        severity="error",
        title="The file is one plain YAML document",
        why="What could be read in two ways is not read at all: keys written twice, tags, anchors, aliases and merge"
        " keys, a second document, text that is not UTF-8, a file too large or nested too deep.",
        write="Write each value out once, where it belongs, in UTF-8; indent with blanks, never with tabs.",
        section="YAML 1.2.2 sections 3.2.1.3 and 6.1",
    ),
    Explanation(
        id="unknown-key",
        severity="error",
        title="Every key is one of the profile language",
        why="A misspelt key would otherwise be ignored without a word, and the default used in its place.",
        write="Write the key that the message suggests; an editor completes keys from the schema"
        " (`tokenflow schema`). What a server has of its own goes under `token.extra` or `authorization.extra`.",
        section="schemas/README.md",
    ),
    Explanation(
        id="missing-key",
        severity="error",
        title="A key that is always needed is there",
        why="Nothing sensible can be assumed for it.",
        write="Write the key that the message names, for example as it shows it.",
        section="schemas/README.md",
    ),
    Explanation(
        id="wrong-value",
        severity="error",
        title="Every value is of the kind and the words that its key takes",
        why="Values are what was written: only `true` and `false` are booleans, only decimal digits are a number,"
        " and where a few words are known no other is guessed.",
        write="Write one of the words that the message lists, or a value like its example.",
        section="schemas/README.md",
    ),
    Explanation(
        id="preset",
        severity="error",
        title="The preset exists, lies beside the profile, and does not lead back to itself",
        why="A preset is a part of the profile: without it nothing else in the profile can be judged.",
        write="Write the name of a provider that is shipped, or `./file.yaml` in the profile's folder or below.",
        section="schemas/README.md#preset",
    ),
    Explanation(
        id="reference",
        severity="error",
        title="A reference names one source, and the source has a value",
        why="A reference (`{env: NAME}`, `{file: PATH}`, `{keyring: ...}`, `{command: [...]}`) stands for one value."
        " While profiles are checked, one that cannot be read here is only a warning, and commands are not run.",
        write="Write exactly one of env, file, keyring and command, set what it names, or give a `default`, which"
        " every reference but that to a secret may have.",
        section="schemas/README.md#reference",
    ),
    Explanation(
        id="names-are-unique",
        severity="error",
        title="No two profiles in a folder have one name",
        why="Commands and reports name a profile by it: it would not be clear which one is meant.",
        write="Give one of them another `name`; without it, a profile is named after its file.",
        section="schemas/README.md#name",
    ),
)
