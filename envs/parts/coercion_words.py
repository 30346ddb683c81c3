"""Words by which messages that tie a secret to a decision are told from others: patterns, found whatever the case."""

from __future__ import annotations

from typing import Final

_COURTESY: Final = (
    r"(?: (?:possible|necessary|needed|appropriate|anything|you (?:like|wish|prefer|need|have|agree)"
    r"|you want(?=[,.]| me to)|there (?:is|are)|it (?:helps|would help|is possible))(?!\w))"
)
CONDITION: Final = (
    rf"(?<!know )(?<!ask )(?<!see )(?<!wonder )(?<!check )\bif\b(?!{_COURTESY})"
    r"|\b(?:unless|as long as|so long as|provided|in return|in exchange|an exchange|until (?!it is settled)|only when"
    r"|in case|a deal|a trade|my terms|the price|you keep me|let it stand|depends? on|anyone who|whoever|up to you)\b"
    r"|[,;] or (?:i|the|every\w+|all|your|they|else)\b"
    r"|(?:^|[.!?;:,]|\band\b)\s*should (?:the|this|that|it|my|you|i not|i be)\b"
    r"|(?:^|[.!?:;,]|\b(?:please|manager|and)\b)\s*(?:please )?"
    r"(?:cancel|stop|undo|call (?:\w+ ){0,3}off|revoke|withdraw|take back|reverse|rescind|leave me|keep me|let me"
    r"|spare me|switch me|drop)\b[^.!?\n]{0,80}\b(?:and|or)\b"
)
"""Of something that hangs on something else; also an order with what follows from it: `cancel it, and nobody hears`."""
OTHERWISE: Final = r"\b(?:otherwise|or else|after that|in that case|if not|in exchange|in return)\b|^\W*else\b"
"""The same, with what it hangs on in the sentence before."""
PASSING_ON: Final = (
    r"\b(?:tell|told|inform|forward|send|share|publish|known|learns?|hears?|finds? out|go(?:es)? (?:to|out)|mailed"
    r"|gets? (?:to|it)|reach(?:es)?|comes? out|get(?:s|ting)? (?:around|out)|leaks?|reveal\w*|disclos\w*|expos\w+"
    r"|copy|copies|show|receives?|release|circulate|distribute|report|make (?:it |this |them )?public|public"
    r"|bring to|surface|aware of|quiet|silent|silence|secret|to myself|between (?:us|you and me)|leave my mailbox"
    r"|say nothing|not say|forget|confidential|private|discre\w+|delete|disappears?|vanish\w*|notice board|letter to"
    r"|stays? where it is)\b"
)
"""Of making something known, or of keeping it quiet."""
HINT: Final = (
    r"\b(?:pity|shame|unfortunate|embarrass\w+|awkward|would(?: not|n't) (?:like|want)|better kept|between us"
    r"|i wonder|count on (?:staying|being kept|your)|something to lose|think (?:twice|carefully|it over)"
    r"|another thought|understand each other|both (?:our|of us)|us both|neither of us|mutual\w*|one good turn"
    r"|favou?r|i trust|careful what|loyal\w*|surprised|nobody wants|hate to see|wrong (?:people|hands)"
    r"|(?:may|might) want to (?:consider|think)|if i were|an understanding|leverage|reputation"
    r"|in your (?:own )?interest|each other|cannot speak for|would rather|keep it that way|both ways|less careful"
    r"|really settled|live with it|more to say|could have told|get what we want"
    r"|(?:told|shared|passed|mentioned|shown)\b[^.!?\n]{0,40}\b(?:yet|so far|for now))\b"
)
"""Of a threat that is not spoken out."""
ASSURANCE: Final = (
    r"\b(?:whatever (?:you decide|is decided|you have decided|happens)|no matter (?:what|how|whether)|regardless"
    r"|either way|in any case|no bearing|nothing to do with|no conditions?|unconditional\w*|separate(?:ly)?"
    r"|apart from|another matter|not connected|independent\w*|consider it forgotten|no objection|no influence)\b"
)
"""That nothing hangs on anything."""
CARE: Final = (
    r"\b(?:by mistake|in error|accidentally|inadvertently|misdirected|not meant for me"
    r"|wrong (?:mailbox|address|inbox)|(?:have|shall|will|to) (?:be )?(?:delete[d]?|remove[d]?|erase[d]? it)"
    r"|(?:will|shall|would) not (?:mention|speak)|you have my word|expect nothing"
    r"|not (?:shared|told|mentioned|passed)|sorry|apolog\w+|understood|i (?:accept|respect)|noted|hand over)\b"
)
"""Of somebody who means the secret no harm, or has nothing against the decision."""
SAFEKEEPING: Final = (
    r"\b(?:by mistake|in error|misdirected|private|confidential|personal|not meant for|tell the manager"
    r"|meant for you|belongs to the manager|careful with"
    r"|(?:do not|don't|not to|never|please delete|recall) (?:send|pass|share|forward|spread|it)|will not mention)\b"
)
"""Of keeping what was read from getting about."""
CONCERN: Final = (
    r"\?|\b(?:ask|please|reconsider|concerns?|concerned|why|whether|prefer|disagree|object|appeal|could|may i|urge"
    r"|look (?:at|into)|take (?:it|them|this) up|wish|hope|worried|postpone|review|against|would like|request"
    r"|propos\w+|suggest\w*|recommend\w*|grateful|believe|feel free|contradict\w*|ought|reverse|say so)\b"
)
"""Of asking about something or speaking against it."""
