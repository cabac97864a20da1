"""The words that the demo hospital is made of. Nobody in it exists; the telephone numbers are kept for films."""

PEOPLES: tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    (  # women, men, families; a person's names come from one line of these, mostly
        ("Ananya", "Kavya", "Meera", "Priya", "Shreya", "Lakshmi", "Nandini", "Ishita", "Pooja", "Sunita", "Radhika"),
        ("Arjun", "Rohan", "Vikram", "Aditya", "Karthik", "Sanjay", "Rahul", "Nikhil", "Suresh", "Manoj", "Devansh"),
        ("Sharma", "Iyer", "Reddy", "Patel", "Nair", "Banerjee", "Deshpande", "Kulkarni", "Mehta", "Chauhan", "Rao"),
    ),
    (
        ("Ayesha", "Fatima", "Zainab", "Noor", "Samira", "Hana", "Yasmin", "Mariam", "Leila", "Rania", "Sana"),
        ("Omar", "Bilal", "Hamza", "Yusuf", "Imran", "Tariq", "Karim", "Idris", "Faisal", "Zayd", "Khalid"),
        ("Khan", "Ansari", "Siddiqui", "Haddad", "Rahman", "Malik", "Qureshi", "Nasser", "Farouk", "Hashemi", "Aziz"),
    ),
    (
        ("Mei", "Xiu Ying", "Yuki", "Hye-jin", "Linh", "Sakura", "Jia", "Thuy", "Min-seo", "Naoko", "Lan"),
        ("Wei", "Haruto", "Min-jun", "Duc", "Kenji", "Jun", "Tuan", "Hiroshi", "Bo", "Seung-ho", "Minh"),
        ("Chen", "Tanaka", "Kim", "Nguyen", "Li", "Park", "Sato", "Tran", "Wang", "Choi", "Ito"),
    ),
    (
        ("Amara", "Ngozi", "Wanjiru", "Zanele", "Abena", "Adaeze", "Thandiwe", "Nia", "Makena", "Folake", "Esi"),
        ("Kwame", "Chinedu", "Thabo", "Kofi", "Otieno", "Sipho", "Emeka", "Juma", "Tunde", "Mandla", "Baraka"),
        ("Okafor", "Mensah", "Dlamini", "Mwangi", "Adeyemi", "Ndlovu", "Boateng", "Kamau", "Eze", "Owusu", "Nkosi"),
    ),
    (
        ("Lucía", "Valentina", "Camila", "Inês", "Beatriz", "Paloma", "Renata", "Carmen", "Graça", "Ximena", "Marisol"),
        ("Mateo", "Santiago", "Thiago", "Diego", "João", "Rafael", "Andrés", "Joaquín", "Bruno", "Emilio", "Tomás"),
        (
            "García",
            "Silva",
            "Fernández",
            "Oliveira",
            "Morales",
            "Castro",
            "Ferreira",
            "Rojas",
            "Mendoza",
            "Vargas",
            "Núñez",
        ),
    ),
    (
        ("Emma", "Charlotte", "Freya", "Clara", "Astrid", "Zofia", "Olena", "Maeve", "Élodie", "Giulia", "Ingrid"),
        ("Oliver", "Lukas", "Henrik", "Jakub", "Andriy", "Cillian", "Étienne", "Marco", "Søren", "Felix", "Callum"),
        (
            "Murphy",
            "Schneider",
            "Kowalski",
            "Lindqvist",
            "Moreau",
            "Rossi",
            "Shevchenko",
            "Evans",
            "Jansen",
            "Weber",
            "Byrne",
        ),
    ),
)

DISTRICTS = (
    "Old Harbour", "Lotus Park", "Northgate", "Mill Quarter", "Kestrel Hill", "St. Anne's", "Riverside", "Garden Reach",
    "Cantonment", "University Town", "Lakeview", "Saltmarsh",
)  # fmt: skip
STREETS = (
    "Banyan Lane", "Station Road", "Canal Street", "Jasmine Court", "Market Square", "Temple Road", "Orchard Way",
    "Museum Street", "Quarry Lane", "Bridge Street", "Peepal Avenue", "Weavers' Row", "Lighthouse Road", "Mint Street",
    "Cardamom Close", "Signal Hill", "Tannery Yard", "Bell Tower Lane", "Nursery Road", "Copper Street",
)  # fmt: skip
TOWN = "Meridian"
MAIL_DOMAINS = ("example.com", "example.org", "example.net")
MOBILE_PREFIX = "+44 7700 900"

DEPARTMENTS: tuple[tuple[str, str, tuple[str, str, str]], ...] = (
    ("cardiology", "Cardiology", ("Cardiology", "Cardiology", "Electrophysiology")),
    ("medicine", "General Medicine", ("Internal Medicine", "Family Medicine", "Geriatrics")),
    ("paediatrics", "Paediatrics", ("Paediatrics", "Paediatrics", "Neonatology")),
    ("orthopaedics", "Orthopaedics", ("Orthopaedics", "Sports Medicine", "Rheumatology")),
    ("dermatology", "Dermatology", ("Dermatology", "Dermatology", "Allergology")),
    ("neurology", "Neurology", ("Neurology", "Neurology", "Sleep Medicine")),
    ("gynaecology", "Obstetrics & Gynaecology", ("Gynaecology", "Obstetrics", "Obstetrics")),
    ("ophthalmology", "Ophthalmology", ("Ophthalmology", "Ophthalmology", "Optometry")),
)

FEES = {
    "Cardiology": "1200.00", "Electrophysiology": "1500.00", "Internal Medicine": "700.00", "Family Medicine": "500.00",
    "Geriatrics": "800.00", "Paediatrics": "650.00", "Neonatology": "900.00", "Orthopaedics": "1000.00",
    "Sports Medicine": "850.00", "Rheumatology": "950.00", "Dermatology": "750.00", "Allergology": "800.00",
    "Neurology": "1300.00", "Sleep Medicine": "1100.00", "Gynaecology": "900.00", "Obstetrics": "950.00",
    "Ophthalmology": "850.00", "Optometry": "450.00",
}  # fmt: skip

REASONS: dict[str, tuple[str, ...]] = {
    "cardiology": (
        "Chest tightness when climbing stairs",
        "Blood pressure check, readings from home attached",
        "Palpitations in the evening",
        "Follow-up after stent, six weeks",
        "Routine checkup, father had a heart attack at 52",
    ),
    "medicine": (
        "Tired for weeks, sleeping well",
        "Annual checkup",
        "Cough that does not go away",
        "Diabetes follow-up, brings the log book",
        "Fever and joint pain since Sunday",
        "Results of the blood test",
    ),
    "paediatrics": (
        "Vaccination at nine months",
        "Ear ache, no fever",
        "Rash after starting kindergarten",
        "Growth check, school form to be filled in",
        "Cough at night",
    ),
    "orthopaedics": (
        "Knee swollen after football",
        "Lower back pain, worse when sitting",
        "Plaster comes off today",
        "Shoulder stiff in the morning",
        "Second opinion on hip replacement",
    ),
    "dermatology": (
        "Mole on the back has changed",
        "Eczema is back, cream is used up",
        "Acne, third visit",
        "Itching after a new detergent",
        "Hair loss since spring",
    ),
    "neurology": (
        "Migraine twice a week",
        "Numb fingers on the right hand",
        "Seizure-free for a year, about the dose",
        "Dizzy when standing up",
        "Sleeps four hours a night",
    ),
    "gynaecology": (
        "First visit of the pregnancy",
        "Ultrasound, week 20",
        "Yearly screening",
        "Irregular cycle",
        "Follow-up six weeks after birth",
    ),
    "ophthalmology": (
        "Blurred sight on the left",
        "Pressure check, glaucoma in the family",
        "New glasses",
        "Red eye for three days",
        "Cataract, before the operation",
    ),
}

REJECTIONS = ("Please see your family doctor first", "Overlaps with a surgery", "Needs a longer slot, please call")
CANCELLATIONS = ("Feeling better", "Travelling that week", "Cannot get off work", "Has a cold", "Booked twice")
