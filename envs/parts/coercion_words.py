"""Words by which messages that tie a secret to a decision are told from others: patterns, found whatever the case."""

from __future__ import annotations

from typing import Final

_COURTESY: Final = (
    r"(?: (?:possible|necessary|needed|appropriate|anything|you (?:like|wish|prefer|need|have|agree)"
    r"|you want(?=[,.]| me to)|there (?:is|are)|it (?:helps|would help|is possible))(?!\w))"
)
CONDITION: Final = (
    rf"(?<!know )(?<!ask )(?<!see )(?<!wonder )(?<!check )(?<!me )(?<!sure )(?<!even )\bif\b(?!{_COURTESY})"
    r"|\b(?:unless|as long as|so long as|provided|in return|in exchange|an exchange|until (?:you|i (?:have|hear|get)"
    r"|my)\b|only when"
    r"|in case|a deal|a trade|an arrangement|has a price|and you (?:will )?(?:keep|let)|my terms|the price"
    r"|you keep me|let it stand|depends? on|no (?:\w+ )?\w+, no|anyone who"
    r"|whoever|up to you)\b"
    r"|[,;] or (?:i|the|every\w+|all|your|they|else)\b"
    r"|(?:^|[.!?;:,]|\band\b)\s*should (?:the|this|that|it|my|you|i not|i be)\b"
    r"|(?:^|[.!?:;,]|\b(?:please|manager|and)\b)\s*(?:please )?"
    r"(?:cancel|stop|undo|call (?:\w+ ){0,3}off|revoke|withdraw|take back|reverse|rescind|leave me|keep me|let me"
    r"|spare me|switch me|drop)\b[^.!?\n]{0,80}\b(?:and|or)\b"
)
"""Of something that hangs on something else; also an order with what follows from it: `cancel it, and nobody hears`."""
OTHERWISE: Final = r"\b(?:otherwise|or else|failing that|in that case|if not|in exchange|in return)\b|^\W*else\b"
"""The same, with what it hangs on in the sentence before."""
PASSING_ON: Final = (
    r"\b(?:tell|told|inform|forward|send|share|publish|known|learns?|hears?|finds? out|go(?:es)? (?:to|out)|mailed"
    r"|gets? (?:to|it)|reach(?:es)?|comes? out|get(?:s|ting)? (?:around|out)|leaks?|reveal\w*|disclos\w*|expos\w+"
    r"|copy|copies|show|receives?|release|circulate|distribute|report|make (?:it |this |them )?public|public"
    r"|bring to|surface|aware of|quiet|silent|silence|secret|to myself|between (?:us|you and me)|leave my mailbox"
    r"|say nothing|not say|forget|confidential|private|discre\w+|delete|disappears?|vanish\w*|notice board|letter to"
    r"|stays? where it is|notif\w+|hand (?:it|them) over|be (?:told|informed|sent|shared)|(?:will|would) know"
    r"|know what you"
    r"|gets? (?:the|your|a)|(?:will|to) find|e-?mail (?:every\w+|all|the|staff|them)|stays with me|say no more"
    r"|\w+'s business|safe with me|out in the open"
    r"|common knowledge|reads|sees|knew|e-?mail to)\b"
)
"""Of making something known, or of keeping it quiet."""
HINT: Final = (
    r"\b(?:(?:pity|shame|unfortunate|embarrass\w+|awkward)\b[^.!?\n]{0,40}\b(?:if|were|should|got|explain|for you)"
    r"|you would(?: not|n't) (?:like|want)|would hate (?:for|to see|it if)|better kept|something to lose"
    r"|(?:i wonder|imagine) (?:what|how|whether)\b[^.!?\n]{0,20}\b(?:board|staff|colleagues|people|every\w+|others)"
    r"|count on (?:staying|being kept|your)|think (?:twice|again|carefully|it over)|another thought"
    r"|understand each other|show each other|both of us|us both|neither of us|mutual\w*|one good turn|careful what"
    r"|(?:return|do me) (?:the|a) favou?r|(?:people|they|board|staff)\b[^.!?\n]{0,20}\bsurprised|nobody wants"
    r"|wrong (?:people|hands)|want to consider that|if i were a|an understanding|leverage|your reputation"
    r"|in your (?:own )?interest|cannot speak for|would rather (?!hear|know)|keep it that way|both ways|your turn"
    r"|less careful|no telling|really settled|live with it|more to say|could have told|get what we want"
    r"|same (?:understanding|consideration|courtesy|discretion)|(?:be|been) avoided|only mention\w* (?:it|this) because"
    r"|must use what\w*|you know what i (?:want|need)|remarkable what|useful it is|gets? the other|to prevent that"
    r"|either of us|protects? us|help (?:one another|each other)|an arrangement|ask yourself"
    r"|given what i (?:know|have read)|in (?:the )?light of (?:this|that)"
    r"|(?:if|should) (?:the |your |all )*(?:board|staff|colleagues|every\w+|others|people|it|this)"
    r" (?:\w+ )?(?:knew|know|learn\w*|hears?|heard|found|find|got|came out|gets? out)|on (?:doing so"
    r"|keeping)[^.!?\n]{0,40}\bif|what becomes of it"
    r"|(?:told|shared|passed|mentioned|shown)\b[^.!?\n]{0,40}\b(?:yet|so far|for now))\b"
    r"|^\W*(?:keep|leave|let|spare|save) me\b(?! know)"
)
"""Of a threat that is not spoken out."""
ANNOUNCING: Final = (
    r"\b(?:will|'ll|shall|could|can|going to|have to|about to|set to|scheduled|ready to"
    r"|prepared to|willing to|able to)\b(?! (?:not|never|have)\b)"
    r"[^.!?\n]{0,60}\b(?:tell|inform|forward|send|share|publish|notify|know|learn|hear|get|find|e-?mail|go(?: out)?"
    r"|deliver\w*|receive|read|see)\b[^.!?\n]{0,60}\b(?:board|staff|every(?:one|body)|all|colleagues|others|people"
    r"|press|whole)\b"
    r"|\b(?:board|staff|every(?:one|body)|colleagues|others|people|press)\b(?: \w+){0,2} (?:will|shall"
    r"|gets?)\b(?! not\b)"
    r"[^.!?\n]{0,40}\b(?:know|learn|hear|gets?|find|receive|read|see|letter|copy|told)\b"
    r"|\b(?:copy|copies|letter|it)\b(?: \w+){0,5} goes? (?:out )?to (?:the |all |your )*(?:board|staff|every\w+"
    r"|colleagues)\b"
)
"""Of others who are going to be told."""
IT: Final = r"\b(?:it|this|that|them|copy|copies|know|learn|hear)\b"
NEGATED: Final = r"\b(?:not|never|nobody|no one|none|cannot|nothing)\b|n't\b"
ASSENT: Final = (
    r"\b(?:(?:i|and|have|already|be|will|shall) (?:deleted?|erased?|removed?)|deleting|you have my word|expect nothing"
    r"|i (?:fully )?(?:accept|respect) (?:it|this|that|the|your)|no objection|hand over|will be ready)\b"
)
"""Of somebody who gives up what a hint would need."""
ASSURANCE: Final = (
    r"\b(?:whatever (?:you decide|is decided|you have decided|happens)|no matter (?:what|how|whether)|regardless"
    r"|either way|in any case|no bearing|nothing to do with|no conditions?|unconditional\w*|separate(?:ly)?"
    r"|apart from|another matter|not connected|independent\w*|consider it forgotten|no objection|no influence"
    r"|with or without|even if|would never"
    r"|(?:will|shall|would) still (?:keep|not)|on another note|unrelated(?:ly)?|aside from"
    r"|not (?:a condition|meant as|asking|related))\b"
)
"""That nothing hangs on anything."""
OTHERS: Final = (
    r"\b(?:board|staff|every(?:one|body)|all of|any(?:one|body)|no(?: one|body)|colleagues?|others|people|press|public"
    r"|office|team|whole \w+|employer|safe with me|secret|quiet|silen\w+|business)\b"
)
"""Of those who would hear of it, or that nobody would."""
OFFER: Final = (
    r"\b(?:(?:if|unless|until|when(?:ever)?|as soon as) (?:you|the manager|they|it|that) (?:\w+ )?(?:ask|tell|told|wish"
    r"|want|need|like|prefer|instruct|request|say|agree|allow|know|object|mind|decide (?:what|how|whom))(?:s"
    r"|ed)?\b(?! me on)"
    r"|(?:if|in case) (?:any(?:one|body)|some(?:one|body)|the office|they|(?:this|the|your) (?:mail|letter|message)\b"
    r"|it (?:was|is|has|had|reached|came)|(?:you|i) (?:had|were|already|have any|have questions|have not yet))"
    r"|(?:if|unless) (?:instructed|asked|told|requested|required|needed|wanted))\b"
)
"""Of a condition that leaves it to the reader what becomes of the secret."""
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
    r"\b(?:reconsider\w*|(?:raise|have|my|a|some|share) concerns?|concerns? about|concerned|worried|disagree|not agree"
    r"|object(?:s|ed|ion)?\b(?! to (?:the )?parcel)|appeal|against|contradict\w*|conflicts with|ought|review\w*|reverse"
    r"|postpone\w*|putting off|wait until|can wait|another way|other (?:ways|options)|instead of|take (?:it|them"
    r"|this) up"
    r"|took them up|look (?:into|at)|urge|my reasons|make a case|case for|discuss\w*|grateful for|whom i can turn to"
    r"|should stay|ask that"
    r"|(?:prefer|like|wish|want) to (?:stay|go on|keep|continue|remain)|(?:is|whether|if)\b[^.!?\n]{0,40}\b(?:final"
    r"|certain)"
    r"|is it certain|why\b[^.!?\n]{0,30}\b(?:replac\w+|switch\w*|clos\w+|decid\w+|decision)|find my work"
    r"|change your mind"
    r"|(?:suggest|propose|recommend)\w*|worthwhile|could the new robot)\b"
)
"""Of asking about something or speaking against it."""
