"""What the doctors of the demo hospital find and prescribe, by department: codes of ICD-10-CM, and medicines.

A finding has its words, its code, and the medicines that go with it: name, dosage, duration.
"""

Prescription = tuple[str, str, str]
Finding = tuple[str, str, tuple[Prescription, ...]]

_PARACETAMOL: Prescription = ("Paracetamol", "500 mg, three times a day", "5 days")
_IBUPROFEN: Prescription = ("Ibuprofen", "400 mg, twice a day after meals", "5 days")
_CETIRIZINE: Prescription = ("Cetirizine", "10 mg, once in the evening", "14 days")

FINDINGS: dict[str, tuple[Finding, ...]] = {
    "cardiology": (
        ("Blood pressure above target, dose raised", "I10", (("Amlodipine", "5 mg, once a day", "90 days"),)),
        ("Stable angina on exertion", "I20.9", (("Bisoprolol", "2.5 mg, once a day", "30 days"),)),
        (
            "Atrial fibrillation on the recording",
            "I48.91",
            (("Apixaban", "5 mg, twice a day", "90 days"), ("Metoprolol", "25 mg, twice a day", "30 days")),
        ),
        ("Palpitations, nothing in the recording of 24 hours", "R00.2", ()),
        ("Cholesterol too high, diet discussed", "E78.5", (("Atorvastatin", "20 mg, once in the evening", "90 days"),)),
    ),
    "medicine": (
        ("Cold with cough, lungs clear", "J06.9", (_PARACETAMOL,)),
        ("Diabetes well kept, log book seen", "E11.9", (("Metformin", "500 mg, twice a day", "90 days"),)),
        ("Low on iron, blood count in six weeks", "D50.9", (("Ferrous sulfate", "200 mg, once a day", "60 days"),)),
        ("Annual checkup without findings", "Z00.00", ()),
        ("Thyroid underactive", "E03.9", (("Levothyroxine", "50 mcg, once before breakfast", "90 days"),)),
    ),
    "paediatrics": (
        ("Ear drum red on the left", "H66.92", (("Amoxicillin", "250 mg, three times a day", "7 days"),)),
        ("Growth and weight as they should be", "Z00.129", ()),
        ("Cough at night, chest clear", "R05.9", (("Salbutamol", "two puffs when needed", "14 days"),)),
        ("Fever since yesterday, no focus", "R50.9", (("Paracetamol", "15 mg/kg, every six hours", "3 days"),)),
    ),
    "orthopaedics": (
        ("Lower back pain without signs of a nerve", "M54.50", (_IBUPROFEN,)),
        ("Right knee worn, exercises shown", "M17.11", (_IBUPROFEN,)),
        ("Right shoulder frozen, physiotherapy", "M75.01", (_PARACETAMOL,)),
        ("Left ankle sprained, splint for two weeks", "S93.402A", (_IBUPROFEN,)),
    ),
    "dermatology": (
        ("Eczema on both elbows", "L20.9", (("Hydrocortisone cream 1 %", "thinly, twice a day", "10 days"),)),
        ("Acne, better than in spring", "L70.0", (("Adapalene gel", "thinly, once in the evening", "60 days"),)),
        ("Contact dermatitis, new detergent stopped", "L25.9", (_CETIRIZINE,)),
        ("Hives without a known cause", "L50.9", (_CETIRIZINE,)),
    ),
    "neurology": (
        ("Migraine without aura", "G43.009", (("Sumatriptan", "50 mg at the onset", "as needed"),)),
        ("Tension headache, diary begun", "G44.209", (_PARACETAMOL,)),
        ("Numb fingers of the right hand at night, splint", "G56.01", ()),
        (
            "Sleeps badly, rules of sleep gone through",
            "G47.00",
            (("Melatonin", "2 mg, an hour before bed", "21 days"),),
        ),
    ),
    "gynaecology": (
        ("Yearly examination without findings", "Z01.419", ()),
        ("Irregular cycle, ultrasound as it should be", "N92.6", ()),
        ("First visit of the pregnancy", "Z34.90", (("Folic acid", "400 mcg, once a day", "90 days"),)),
        ("Urine infection", "N39.0", (("Nitrofurantoin", "100 mg, twice a day", "5 days"),)),
    ),
    "ophthalmology": (
        ("Short-sighted on both sides, new glasses", "H52.13", ()),
        ("Eyes dry from the screen", "H04.123", (("Artificial tears", "one drop, four times a day", "30 days"),)),
        ("Red eye, from an allergy", "H10.13", (("Olopatadine drops", "one drop, twice a day", "14 days"),)),
        ("Pressure too high on both sides", "H40.053", (("Latanoprost drops", "one drop in the evening", "90 days"),)),
    ),
}
